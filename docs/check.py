#!/usr/bin/env python3
"""Checks exported evidence with Python's standard library and openssl. It uses no code of audit-snapshot.

usage: check.py DIRECTORY KEY.PEM

The format is described in docs/format.md. This program checks the ledger checkpoint and the ledger entries. For every
entry it checks the manifest, its signature, its chunks and the Merkle root of their records. You must have received the
key out of band: over another channel than the directory.
"""
import base64, gzip, hashlib, json, pathlib, subprocess, sys, tempfile


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def fail(what):
    sys.exit(f"NOT VERIFIED: {what}")


def root_of(leaves):
    """Merkle tree hash of a list of leaf hashes (RFC 6962, section 2.1)."""
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01", root_of(leaves[:split]), root_of(leaves[split:]))


def signed(message, signature, pem):
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder, name) for name in ("message", "signature")]
        paths[0].write_bytes(message)
        paths[1].write_bytes(signature)
        command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", pem]
        command += ["-in", str(paths[0]), "-sigfile", str(paths[1])]
        return subprocess.run(command, capture_output=True).returncode == 0


def open_checkpoint(note, origin, pem):
    """Size and root from a C2SP signed note: text, empty line, '— name base64(4-byte key id, 64-byte signature)'."""
    text, lines = note.rsplit("\n\n", 1)
    text += "\n"
    for line in lines.splitlines():
        dash, name, blob = line.split(" ")
        if dash == "—" and name == origin and signed(text.encode(), base64.b64decode(blob)[4:], pem):
            head = text.split("\n")
            if head[0] != origin or len(head) != 4:
                break
            return int(head[1]), base64.b64decode(head[2])
    fail(f"the checkpoint of {origin} is not signed with the key")


def tile_path(index, width):
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03}")
    return "/".join(groups) + ("" if width == 256 else f".p/{width}")


def ledger_entries(ledger, size):
    for index in range((size + 255) // 256):
        width = min(256, size - index * 256)
        bundle = (ledger / "tile/entries" / tile_path(index, width)).read_bytes()
        while bundle:
            end = 2 + int.from_bytes(bundle[:2], "big")
            yield bundle[2:end]
            bundle = bundle[end:]


def records_of(chunk):
    """BSON documents, each of which starts with its length."""
    while chunk:
        end = int.from_bytes(chunk[:4], "little")
        yield chunk[:end]
        chunk = chunk[end:]


def check_snapshot(directory, entry, origin, pem):
    folder = directory / "snapshots" / entry["snapshotId"]
    body = (folder / "manifest.json").read_bytes()
    manifest = json.loads(body)
    if hashlib.sha256(body).hexdigest() != entry["manifestSha256"]:
        fail(f"the manifest of {entry['snapshotId']} does not match its ledger entry")
    statement = ["audit-snapshot/manifest/v1", origin, entry["snapshotId"], hashlib.sha256(body).hexdigest(), ""]
    if not signed("\n".join(statement).encode(), base64.b64decode((folder / "manifest.json.sig").read_text()), pem):
        fail(f"the manifest of {entry['snapshotId']} is not signed with the key")
    leaves = []
    for chunk in manifest["chunks"]:
        stored = (directory / chunk["key"]).read_bytes()
        if hashlib.sha256(stored).hexdigest() != chunk["sha256"]:
            fail(f"{chunk['key']} does not match the digest in the manifest")
        leaves += [sha256(b"\x00", record) for record in records_of(gzip.decompress(stored))]
    root = root_of(leaves)
    name = f"{manifest['origin']}/snapshots/{manifest['snapshotId']}"
    head = open_checkpoint((folder / "checkpoint").read_text(encoding="utf-8"), name, pem)
    claims = {base64.b64decode(said) for said in (manifest["root"], entry["root"])} | {head[1]}
    counts = {manifest["recordCount"], entry["recordCount"], head[0]}
    if claims != {root} or counts != {len(leaves)}:
        fail(f"the records of {entry['snapshotId']} do not match its root")
    print(f"ok: {entry['snapshotId']}, {len(leaves)} records, {manifest['window']['from']} to {manifest['window']['to']}")


def main(directory, pem):
    note = (directory / "ledger/checkpoint").read_text(encoding="utf-8")
    origin = note.split("\n")[0]
    size, root = open_checkpoint(note, origin, pem)
    entries = list(ledger_entries(directory / "ledger", size))
    if len(entries) != size or root_of([sha256(b"\x00", entry) for entry in entries]) != root:
        fail("the ledger entries do not match the root of the ledger")
    for entry in entries:
        check_snapshot(directory, json.loads(entry), origin, pem)
    print(f"VERIFIED: {size} snapshots of {origin}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), sys.argv[2])
