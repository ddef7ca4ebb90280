"""The records that check.py reads: BSON documents, their order, and their own hashes."""
import fractions, hashlib, struct, sys

GROUPS = [[0xFF], [6], [10], [1, 16, 18, 19], [2, 14], [3], [4], [5], [7], [8], [9], [17], [11], [12], [13], [15], [0x7F]]
RANK = {kind: rank for rank, kinds in enumerate(GROUPS) for kind in kinds}
FIXED_SIZES = {1: 8, 6: 0, 7: 12, 8: 1, 9: 8, 10: 0, 16: 4, 17: 8, 18: 8, 19: 16, 0xFF: 0, 0x7F: 0}


def fail(what):
    sys.exit(f"NOT VERIFIED: {what}")


def incomplete(what):
    sys.exit(f"INCOMPLETE: {what}")


def require(holds, what):
    if not holds:
        fail(what)


def elements(document):
    """Name, type, element and value of each top-level element of a BSON document."""
    at = 4
    while at < len(document) - 1:
        kind, end = document[at], document.index(0, at + 1)
        start = end + 1
        length = int.from_bytes(document[start : start + 4], "little")
        if kind in FIXED_SIZES:
            size = FIXED_SIZES[kind]
        elif kind == 11:
            size = document.index(0, document.index(0, start) + 1) + 1 - start
        else:
            size = length + {2: 4, 13: 4, 14: 4, 3: 0, 4: 0, 15: 0, 5: 5, 12: 16}[kind]
        yield document[at + 1 : end], kind, document[at : start + size], document[start : start + size]
        at = start + size
    require(at == len(document) - 1 and document[at] == 0, "a BSON document is malformed")


def number(kind, value):
    if kind == 16 or kind == 18:
        return fractions.Fraction(int.from_bytes(value, "little", signed=True))
    if kind == 1:
        double = struct.unpack("<d", value)[0]
        return double if double != double or double in (float("inf"), float("-inf")) else fractions.Fraction(double)
    high, low = int.from_bytes(value[8:], "little"), int.from_bytes(value[:8], "little")
    sign, combination = (-1 if high >> 63 else 1), (high >> 58) & 0x1F
    if combination >= 0x1E:
        return float("nan") if combination == 0x1F else sign * float("inf")
    large = combination >= 0x18
    exponent = ((high >> (47 if large else 49)) & 0x3FFF) - 6176
    digits = 0 if large else ((high & 0x1FFFFFFFFFFFF) << 64) | low
    return sign * (digits if digits < 10**34 else 0) * fractions.Fraction(10) ** exponent


def sort_key(kind, value):
    """A key with which Python sorts BSON values as MongoDB does."""
    rank = RANK[kind]
    if rank == RANK[1]:
        found = number(kind, value)
        return (rank, 0, 0) if found != found else (rank, 1, found)
    if kind in (2, 14, 13):
        return (rank, value[4:])
    if kind == 3:
        return (rank, [(RANK[k], name, sort_key(k, v)) for name, k, _, v in elements(value)])
    if kind == 4:
        return (rank, [sort_key(k, v) for _, k, _, v in elements(value)])
    if kind == 5:
        return (rank, int.from_bytes(value[:4], "little"), value[4:])
    if kind == 9:
        return (rank, int.from_bytes(value, "little", signed=True))
    if kind == 17:
        return (rank, int.from_bytes(value, "little"))
    if kind == 12:
        return (rank, len(value), value)
    if kind == 15:
        end = 8 + int.from_bytes(value[4:8], "little")
        return (rank, value[8:end], sort_key(3, value[end:]))
    return (rank, value)


def without(document, names):
    body = b"".join(element for name, _, element, _ in elements(document) if name not in names)
    return (len(body) + 5).to_bytes(4, "little") + body + b"\0"


class Record:
    def __init__(self, document, members):
        names = {key: name.encode() for key, name in members.items()}
        found = list(elements(document))
        marked = any(name in (names["immutable"], names["snapshotId"]) for name, *_ in found)
        require(not marked, "a record has a member of the mark")
        ids = [(kind, value) for name, kind, _, value in found if name == b"_id"]
        require(ids, "a record has no _id")
        kind, value = ids[0]
        self.id = value.hex() if kind == 7 else f"bson:{kind:02x}:{value.hex()}"
        if len(self.id) > 256:
            self.id = "sha256:" + hashlib.sha256(self.id.encode()).hexdigest()
        times = [(kind, value) for name, kind, _, value in found if name == names["time"]]
        require(times and times[0][0] == 9, f"record {self.id} has no time")
        self.ms = int.from_bytes(times[0][1], "little", signed=True)
        self.place = (self.ms, sort_key(kind, value))
        hashes = [(kind, value) for name, kind, _, value in found if name == names["hash"]]
        texts = [value[4:-1] for kind, value in hashes if kind == 2]
        self.hash = texts[-1] if texts else b""
        self.finding = None
        if len(hashes) > 1:
            self.finding = "hash-repeated"
        elif not texts:
            self.finding = "hash-missing"
        elif self.hash.decode("latin1") != hashlib.sha256(without(document, [names["hash"]])).hexdigest():
            self.finding = "hash-mismatch"
