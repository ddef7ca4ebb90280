// check.mjs vectors FILE: tests recordHash.mjs with the vectors.
// check.mjs insert URI DATABASE COLLECTION: inserts records that are built with Node's own types.
import { readFileSync } from 'node:fs';
import { BSON, Decimal128, Double, Long, MongoClient, ObjectId, UUID } from 'mongodb';
import { recordHash, recordToInsert } from './recordHash.mjs';

const READ = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true };

const print = (line) => process.stdout.write(`${line}\n`);

function checkVectors(path) {
  for (const { name, bsonHex, hash } of JSON.parse(readFileSync(path, 'utf8')).vectors) {
    const record = Buffer.from(bsonHex, 'hex');
    const verdict = recordHash(record) === hash ? 'OK' : 'MISMATCH';
    const again = madeAgain(record) === hash ? 'same' : 'changed';
    print([verdict, again, name].join('\t'));
  }
}

/** The hash after the record was decoded to an object and made anew: shows what decoding loses. */
function madeAgain(record) {
  try {
    const entry = BSON.deserialize(record, READ);
    for (const name of ['hash', 'immutable', 'snapshotId']) delete entry[name];
    return recordToInsert(entry).hash;
  } catch (error) {
    return String(error);
  }
}

const nativeEntry = () => ({
  _id: new ObjectId('65e1b2c3d4e5f60718293a4b'),
  resourceType: 'Case',
  resourceId: 'case-42',
  action: 'document.viewed',
  actorId: 'user-7',
  details: {
    count: 3,
    big: 9007199254740993n,
    whole: new Double(2),
    ratio: 0.1,
    negativeZero: -0,
    amount: Decimal128.fromString('12.50'),
    requestId: new UUID('0b0e7d5c-8f3a-4c4e-9d2f-1a2b3c4d5e6f'),
    digest: Buffer.from('00ff10', 'hex'),
    tags: ['a', 'ü', '🔐'],
    nothing: null,
    left: undefined,
    allowed: true,
    empty: {},
    none: [],
    born: new Date('1969-07-20T20:17:40Z'),
    pattern: /^case-/i,
  },
  timestamp: new Date('2026-03-01T09:30:00.123Z'),
});

/** An entry of now, without an id. */
const newEntry = (number) => ({
  resourceType: 'Case',
  resourceId: `case-${number}`,
  action: 'case.closed',
  actorId: 'user-7',
  details: { small: Long.fromNumber(1), large: Buffer.alloc(100_000) },
  timestamp: new Date(),
});

async function insert(uri, database, collection) {
  const client = await MongoClient.connect(uri);
  const records = client.db(database).collection(collection);
  await records.insertOne(recordToInsert(nativeEntry()));
  await records.insertMany([0, 1, 2].map((number) => recordToInsert(newEntry(number))));
  await client.close();
  print('inserted 4');
}

const [command, ...args] = process.argv.slice(2);
await { vectors: checkVectors, insert }[command](...args);
