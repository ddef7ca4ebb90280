#!/usr/bin/env python3
"""Checks exported evidence with Python's standard library and openssl. It uses no code of audit-snapshot.

usage: check.py DIRECTORY KEY

KEY is a trust file (.json), or one public key (.pem). The format is described in docs/format.md, and this program makes
the checks of its section "Verifying", except for the content of timestamps and for kept checkpoints. You must have
received the key out of band: over another channel than the directory.
"""
import base64, datetime, hashlib, json, pathlib, subprocess, sys, tempfile, zlib

# No __pycache__ in the directory of evidence.
sys.dont_write_bytecode = True
from check_bson import Record, fail, incomplete, require

SKEW_MS = 600_000
MAX_UNPACKED = 48 * 1024 * 1024
GZIP_HEADER = bytes.fromhex("1f8b08000000000000ff")


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def milliseconds(instant):
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (datetime.datetime.fromisoformat(instant.replace("Z", "+00:00")) - epoch) // datetime.timedelta(milliseconds=1)


def overlap(one, other):
    return one["from"] <= other["to"] and other["from"] <= one["to"]


# Keys and signatures


def read_keys(path):
    text = pathlib.Path(path).read_text()
    if path.endswith(".json"):
        return json.loads(text)
    return {"origin": None, "keys": [{"version": None, "pem": text, "from": None, "to": None, "revoked": None}]}


def signed(message, signature, pem):
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder, name) for name in ("message", "signature", "pem")]
        for path, content in zip(paths, (message, signature, pem.encode())):
            path.write_bytes(content)
        command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", str(paths[2])]
        command += ["-in", str(paths[0]), "-sigfile", str(paths[1])]
        return subprocess.run(command, capture_output=True).returncode == 0


def key_id_of(name, pem):
    """Of a signature under this name: 4 bytes. The last 32 bytes of an Ed25519 key in PEM are the raw key."""
    public = base64.b64decode("".join(pem.strip().splitlines()[1:-1]))[-32:]
    return sha256(name.encode(), b"\n\x01", public)[:4]


def counts_for(key, size):
    return key.get("revoked") is None or size <= key["revoked"]["ledgerSize"]


def open_checkpoint(note, name, keys):
    """Size, root and key from a C2SP signed note: text, empty line, '— name base64(4-byte key id, 64-byte signature)'."""
    text, lines = note.rsplit("\n\n", 1)
    text += "\n"
    for line in lines.splitlines():
        dash, signer, blob = line.split(" ")
        for key in keys:
            if dash == "—" and signer == name and signed(text.encode(), base64.b64decode(blob)[4:], key["pem"]):
                head = text.split("\n")
                require(head[0] == name and len(head) == 4, f"{name} has a checkpoint of another log")
                return int(head[1]), base64.b64decode(head[2]), key
    ids = {base64.b64decode(line.split(" ")[2])[:4] for line in lines.splitlines() if line.split(" ")[1] == name}
    if ids.isdisjoint(key_id_of(name, key["pem"]) for key in keys) and ids:
        incomplete(f"{name} is signed with a key that the trust file does not have: export it again")
    fail(f"the checkpoint of {name} is not signed with the key")


def check_vkey(manifest):
    """The verifier key of the checkpoint: '<name>+<hex of the 4-byte key id>+<base64 of 0x01 and the public key>'."""
    name = f"{manifest['origin']}/snapshots/{manifest['snapshotId']}"
    public = b"\x01" + base64.b64decode(manifest["key"]["publicKey"], validate=True)
    key_id = sha256(name.encode(), b"\n", public)[:4].hex()
    built = f"{name}+{key_id}+{base64.b64encode(public).decode()}"
    require(manifest["key"]["vkey"] == built, f"{manifest['snapshotId']} has another verifier key")


def key_of(manifest, trust):
    name = manifest["snapshotId"]
    check_vkey(manifest)
    key = next((key for key in trust["keys"] if key["version"] in (None, manifest["key"]["version"])), None)
    key or incomplete(f"the key of {name} is not in the trust file: export it again")
    if key["version"] is not None:
        require(manifest["key"]["publicKey"] == key["publicKey"], f"{name} names another key")
        opened = milliseconds(manifest["openedAt"])
        require(opened >= milliseconds(key["from"]) - SKEW_MS, f"the key of {name} was not in force yet")
        ended = key["to"] is not None and opened > milliseconds(key["to"]) + SKEW_MS
        require(not ended, f"the key of {name} was no longer in force")
    return key


# Merkle trees (RFC 6962, section 2.1) and the tiles of the ledger


def root_of(leaves):
    if not leaves:
        return sha256()
    level = list(leaves)
    while len(level) > 1:
        pairs = [sha256(b"\x01", level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def nodes_of(leaves, begin):
    """Roots of the largest aligned subtrees, from left to right."""
    at, nodes = 0, []
    while at < len(leaves):
        size = 1
        while (begin + at) % (size * 2) == 0 and at + size * 2 <= len(leaves):
            size *= 2
        nodes.append(root_of(leaves[at : at + size]))
        at += size
    return [base64.b64encode(node).decode() for node in nodes]


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


def check_tiles(ledger, leaves):
    level, hashes = 0, leaves
    while hashes:
        tiles = [hashes[at : at + 256] for at in range(0, len(hashes), 256)]
        for index, tile in enumerate(tiles):
            path = ledger / f"tile/{level}" / tile_path(index, len(tile))
            require(path.read_bytes() == b"".join(tile), f"{path} has other hashes")
        level, hashes = level + 1, [root_of(tile) for tile in tiles if len(tile) == 256]


# Records


def documents_of(directory, chunk):
    """BSON documents, each of which starts with its length. The bytes are compared before they are unpacked."""
    key = chunk["key"]
    stored = (directory / key).read_bytes()
    require(hashlib.sha256(stored).hexdigest() == chunk["sha256"], f"{key} does not match the digest in the manifest")
    require(len(stored) == chunk["bytes"], f"{key} has another size than the manifest says")
    require(stored.startswith(GZIP_HEADER), f"{key} has another gzip header")
    unpacker = zlib.decompressobj(31)
    content = unpacker.decompress(stored, MAX_UNPACKED + 1)
    whole = unpacker.eof and not unpacker.unused_data and len(content) <= MAX_UNPACKED
    require(whole, f"{key} is not one gzip member of at most 48 MiB")
    at, documents = 0, []
    while at < len(content):
        require(len(documents) < chunk["count"], f"{key} has more records than the manifest says")
        end = at + int.from_bytes(content[at : at + 4], "little")
        require(at + 5 <= end <= len(content), f"{key} does not hold BSON documents")
        documents.append(content[at:end])
        at = end
    return documents


# Snapshots


def check_times(manifest):
    name, opened, window = (manifest[member] for member in ("snapshotId", "openedAt", "window"))
    start, end = milliseconds(window["from"]), milliseconds(window["to"])
    require(start <= end, f"the window of {name} ends before it begins")
    require(milliseconds(opened) >= end - SKEW_MS, f"{name} was opened before its window was over")
    require(manifest["retention"]["until"] > opened, f"the retention of {name} ends before it was opened")


def check_records(directory, manifest, earlier):
    """Leaves and ids of the records; `earlier` are the entries before this one whose windows overlap."""
    name, window = manifest["snapshotId"], manifest["window"]
    bounds = milliseconds(window["from"]), milliseconds(window["to"])
    sealed = [(milliseconds(entry["window"]["from"]), milliseconds(entry["window"]["to"])) for entry in earlier]
    leaves, ids, digest, late, previous = [], set(), hashlib.sha256(), 0, None
    findings = {"counts": {"hash-mismatch": 0, "hash-missing": 0, "hash-repeated": 0}, "records": []}
    for chunk in manifest["chunks"]:
        documents = documents_of(directory, chunk)
        records = [Record(document, manifest["source"]["members"]) for document in documents]
        require(len(records) == chunk["count"] and chunk["begin"] == len(leaves), f"{chunk['key']} has other records")
        for said, record in ((chunk["first"], records[0]), (chunk["last"], records[-1])):
            same = (milliseconds(said["timestamp"]), said["id"]) == (record.ms, record.id)
            require(same, f"{chunk['key']} has another first or last record")
        own = [sha256(b"\x00", document) for document in documents]
        require(nodes_of(own, len(leaves)) == chunk["nodes"], f"the records of {chunk['key']} have other nodes")
        for index, record in enumerate(records, len(leaves)):
            require(bounds[0] <= record.ms <= bounds[1], f"record {record.id} of {name} is outside the window")
            require(previous is None or previous < record.place, f"record {record.id} of {name} is out of order")
            require(record.id not in ids, f"record {record.id} is in {name} twice")
            previous = record.place
            ids.add(record.id)
            digest.update(record.hash)
            late += any(start <= record.ms <= end for start, end in sealed)
            finding = record.finding
            if finding and not (finding == "hash-mismatch" and manifest["logHashScheme"] == "opaque"):
                findings["counts"][finding] += 1
                if len(findings["records"]) < 10_000:
                    findings["records"].append({"kind": finding, "index": index, "id": record.id})
        leaves += own
    require(manifest["logHashDigest"] == digest.hexdigest(), f"{name} has another log-hash digest")
    require(manifest["findings"] == findings, f"{name} has other findings")
    names = sorted(entry["snapshotId"] for entry in earlier)
    require(manifest["late"] == {"recordCount": late, "snapshots": names}, f"{name} has other late records")
    return leaves, ids


def check_snapshot(directory, bytes_of_entry, earlier, trust, index):
    entry = json.loads(bytes_of_entry)
    name = entry["snapshotId"]
    folder = directory / "snapshots" / name
    body = (folder / "manifest.json").read_bytes()
    manifest, digest = json.loads(body), hashlib.sha256(body).hexdigest()
    require(canonical(manifest) == body, f"the manifest of {name} is not canonical JSON")
    members = {member: manifest[member] for member in ("snapshotId", "window", "recordCount", "root")}
    counted = {"leftOut": total for total in [sum(manifest.get("leftOut", {}).values())] if total}
    built = canonical({"type": "snapshot", **members, **counted, "manifestSha256": digest})
    require(built == bytes_of_entry, f"the manifest of {name} does not match its ledger entry")
    require(manifest["origin"] == trust["origin"], f"{name} is of another origin")
    key = key_of(manifest, trust)
    require(counts_for(key, index + 1), f"the key of {name} was revoked")
    statement = "".join(f"{line}\n" for line in ("audit-snapshot/manifest/v1", trust["origin"], name, digest))
    signature = base64.b64decode((folder / "manifest.json.sig").read_text(), validate=True)
    require(signed(statement.encode(), signature, key["pem"]), f"the manifest of {name} is not signed with the key")
    check_times(manifest)
    if manifest["timestamp"] == "rfc3161":
        (folder / "manifest.json.tsr").stat()
    leaves, ids = check_records(directory, manifest, [one for one in earlier if overlap(one["window"], entry["window"])])
    note = (folder / "checkpoint").read_text(encoding="utf-8")
    size, root, _ = open_checkpoint(note, f"{trust['origin']}/snapshots/{name}", [key])
    said = base64.b64decode(manifest["root"])
    same = size == manifest["recordCount"] == len(leaves) and root == said == root_of(leaves)
    require(same, f"the records of {name} do not match its root")
    print(f"ok: {name}, {len(leaves)} records, {manifest['window']['from']} to {manifest['window']['to']}")
    return entry, manifest, ids


def main(directory, key_path):
    trust = read_keys(key_path)
    note = (directory / "ledger/checkpoint").read_text(encoding="utf-8")
    trust["origin"] = trust["origin"] or note.split("\n")[0]
    size, root, key = open_checkpoint(note, trust["origin"], trust["keys"])
    require(counts_for(key, size), "the key of the ledger was revoked")
    entries = list(ledger_entries(directory / "ledger", size))
    leaves = [sha256(b"\x00", entry) for entry in entries]
    require(len(entries) == size and root_of(leaves) == root, "the ledger entries do not match the root of the ledger")
    check_tiles(directory / "ledger", leaves)
    checked, owners = [], {}
    for index, entry in enumerate(entries):
        parsed, manifest, ids = check_snapshot(directory, entry, [one for one, _ in checked], trust, index)
        name = parsed["snapshotId"]
        require(all(one["snapshotId"] != name for one, _ in checked), f"{name} is in the ledger twice")
        newest = key["version"] is None or key["version"] >= manifest["key"]["version"]
        require(newest, f"the ledger is signed with an older key than {name}")
        for record in ids:
            for other in owners.setdefault(record, []):
                both = overlap(other["window"], parsed["window"])
                require(not both, f"record {record} is in {other['snapshotId']} and in {name}")
            owners[record].append(parsed)
        checked.append((parsed, manifest))
    named = {entry["snapshotId"] for entry, _ in checked}
    for folder in sorted((directory / "snapshots").glob("*/manifest.json.sig")):
        if folder.parent.name not in named:
            incomplete(f"the ledger does not name {folder.parent.name}")
    print(f"VERIFIED: {size} snapshots of {trust['origin']}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        main(pathlib.Path(sys.argv[1]), sys.argv[2])
    except FileNotFoundError as missing:
        incomplete(f"{missing.filename} is missing")
    except (ValueError, KeyError, TypeError, IndexError, OSError, zlib.error, RecursionError) as error:
        fail(f"the evidence is malformed: {error!r}")
