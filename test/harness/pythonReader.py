"""Reads a chunk without our code: gzip and the BSON library of MongoDB's Python driver.

Prints one JSON line for each record (id and hash), and nothing else.
"""
import gzip
import json
import sys

import bson

with gzip.open(sys.argv[1], "rb") as chunk:
    for record in bson.decode_file_iter(chunk):
        print(json.dumps({"id": str(record["_id"]), "hash": record.get("hash"), "actorId": record["actorId"]}))
