"""Record hash bson-sha256/v1 with pymongo's BSON. Tested with pymongo 4.15."""

import hashlib
import struct

import bson
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from bson.objectid import ObjectId
from bson.raw_bson import RawBSONDocument

# A uuid.UUID becomes binary subtype 4. Without this line bson refuses it.
OPTIONS = CodecOptions(uuid_representation=UuidRepresentation.STANDARD)
OUTSIDE_HASH = ("hash", "immutable", "snapshotId")


def record_to_insert(entry):
    """The record of an audit entry, a dict. Insert what this returns, not the entry."""
    for name in OUTSIDE_HASH:
        if name in entry:
            raise ValueError(f"the entry has a member {name} already")
    # The id is part of the hash, so it is made here and not by insert_one; the server wants it first.
    # Encoding decides the rest, once: int32 or int64 by the size of an int, a float is always a
    # double, a datetime is cut to milliseconds, and a naive datetime counts as UTC.
    hashed = bson.encode({"_id": ObjectId(), **entry}, codec_options=OPTIONS)
    outside = bson.encode({"hash": hashlib.sha256(hashed).hexdigest(), "immutable": False})
    # RawBSONDocument is inserted byte for byte. A dict would be encoded again, possibly to other bytes.
    return RawBSONDocument(join([hashed[4:-1], outside[4:-1]]))


def record_hash(record):
    """The hash of a stored record, from its bytes (RawBSONDocument.raw)."""
    hashed = [record[start:end] for name, start, end in elements(record) if name not in OUTSIDE_HASH]
    return hashlib.sha256(join(hashed)).hexdigest()


def join(parts):
    body = b"".join(parts)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


# Bytes of a value by its type (bsonspec.org): a fixed number, or a number besides the length it begins with.
FIXED = {1: 8, 6: 0, 7: 12, 8: 1, 9: 8, 10: 0, 16: 4, 17: 8, 18: 8, 19: 16, 127: 0, 255: 0}
BESIDES_LENGTH = {2: 4, 3: 0, 4: 0, 5: 5, 12: 16, 13: 4, 14: 4, 15: 0}


def elements(document):
    """Name, start and end of every top-level element."""
    start = 4
    while (kind := document[start]) != 0:
        name_end = document.index(0, start + 1)
        end = name_end + 1
        if kind == 11:  # a regular expression is two texts that end with a zero byte
            end = document.index(0, document.index(0, end) + 1) + 1
        elif kind in FIXED:
            end += FIXED[kind]
        else:
            end += BESIDES_LENGTH[kind] + int.from_bytes(document[end : end + 4], "little")
        yield document[start + 1 : name_end].decode("utf-8", "replace"), start, end
        start = end
