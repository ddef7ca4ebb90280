// Record hash bson-sha256/v1 with MongoDB's Node driver. Tested with mongodb 7.8.
import { createHash } from 'node:crypto';
import { BSON, ObjectId } from 'mongodb';

const OUTSIDE_HASH = ['hash', 'immutable', 'snapshotId'];
// Int32, Long, Double and regular expressions stay objects that remember their BSON type.
const EXACT = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true };

/** The record of an audit entry. Insert what this returns, not the entry. */
export function recordToInsert(entry) {
  for (const name of OUTSIDE_HASH) {
    if (Object.hasOwn(entry, name)) throw new Error(`the entry has a member ${name} already`);
  }
  // The id is part of the hash, so it is made here and not by insertOne; the server wants it first.
  const { _id, ...members } = entry;
  // Encoding decides the rest, once: a whole number is int32 if it fits, otherwise double; a bigint is int64;
  // a member that is undefined is left out, where the driver alone would store null.
  const hashed = BSON.serialize({ _id: _id ?? new ObjectId(), ...members }, { ignoreUndefined: true });
  // The driver does not insert bytes, so return a document that encodes to the same bytes again.
  const exact = BSON.deserialize(hashed, EXACT);
  if (Buffer.compare(BSON.serialize(exact), hashed) !== 0) throw new Error('the entry does not survive BSON');
  return { ...exact, hash: sha256(hashed), immutable: false };
}

/** The hash of a stored record, from its bytes (find with the option `raw: true`). */
export function recordHash(record) {
  const hashed = [];
  for (const [, nameAt, nameLength, valueAt, valueLength] of BSON.onDemand.parseToElements(record)) {
    const name = Buffer.from(record.subarray(nameAt, nameAt + nameLength)).toString('utf8');
    // An element begins with its type, one byte before its name.
    if (!OUTSIDE_HASH.includes(name)) hashed.push(record.subarray(nameAt - 1, valueAt + valueLength));
  }
  const length = Buffer.alloc(4);
  length.writeInt32LE(hashed.reduce((sum, element) => sum + element.length, 5));
  return sha256(Buffer.concat([length, ...hashed, Buffer.of(0)]));
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
