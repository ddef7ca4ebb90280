"""check.py vectors FILE: tests record_hash.py with the vectors.
check.py insert URI DATABASE COLLECTION: inserts records that are built with Python's own types.
check.py entries URI DATABASE COLLECTION TIME: inserts records with the time in the member TIME."""

import json
import sys
import uuid
from datetime import datetime, timezone

import bson
from bson.binary import Binary, UuidRepresentation
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.objectid import ObjectId
from bson.regex import Regex
from pymongo import MongoClient

from record_hash import OUTSIDE_HASH, record_hash, record_to_insert

READ = CodecOptions(
    tz_aware=True,
    uuid_representation=UuidRepresentation.STANDARD,
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)


def check_vectors(path):
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)["vectors"]
    for vector in vectors:
        record = bytes.fromhex(vector["bsonHex"])
        ok = record_hash(record) == vector["hash"]
        again = "same" if made_again(record) == vector["hash"] else "changed"
        print("OK" if ok else "MISMATCH", again, vector["name"], sep="\t")


def made_again(record):
    """The hash after the record was decoded to a dict and made anew: shows what decoding loses."""
    try:
        entry = bson.decode(record, codec_options=READ)
        for name in OUTSIDE_HASH:
            entry.pop(name, None)
        return bson.decode(record_to_insert(entry).raw, codec_options=READ)["hash"]
    except Exception as error:
        return str(error)


def native_entry():
    return {
        "_id": ObjectId("65e1b2c3d4e5f60718293a4b"),
        "resourceType": "Case",
        "resourceId": "case-42",
        "action": "document.viewed",
        "actorId": "user-7",
        "details": {
            "count": 3,
            "big": 9007199254740993,
            "whole": 2.0,
            "ratio": 0.1,
            "negativeZero": -0.0,
            "amount": Decimal128("12.50"),
            "requestId": uuid.UUID("0b0e7d5c-8f3a-4c4e-9d2f-1a2b3c4d5e6f"),
            "digest": bytes.fromhex("00ff10"),
            "tags": ["a", "ü", "🔐"],
            "nothing": None,
            "allowed": True,
            "empty": {},
            "none": [],
            "born": datetime(1969, 7, 20, 20, 17, 40, tzinfo=timezone.utc),
            "pattern": Regex("^case-", "i"),
        },
        "timestamp": datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=timezone.utc),
    }


def new_entry(number):
    """An entry of now, without an id, with microseconds and a small number that is int64 on purpose."""
    return {
        "resourceType": "Case",
        "resourceId": f"case-{number}",
        "action": "case.closed",
        "actorId": "user-7",
        "details": {"small": Int64(1), "large": Binary(b"x" * 100_000, 128)},
        "timestamp": datetime.now(timezone.utc),
    }


def insert(uri, database, collection):
    with MongoClient(uri) as client:
        records = client[database][collection]
        records.insert_one(record_to_insert(native_entry()))
        records.insert_many([record_to_insert(new_entry(number)) for number in range(3)])
    print("inserted 4")


def insert_entries(uri, database, collection, time):
    """Three entries of now, with the time in the member of this name."""
    entries = [new_entry(number) for number in range(3)]
    renamed = [{time if name == "timestamp" else name: value for name, value in entry.items()} for entry in entries]
    with MongoClient(uri) as client:
        client[database][collection].insert_many([record_to_insert(entry) for entry in renamed])
    print("inserted 3")


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    {"vectors": check_vectors, "insert": insert, "entries": insert_entries}[command](*arguments)
