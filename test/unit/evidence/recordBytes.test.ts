import * as fc from 'fast-check';
import {
  BSON,
  ObjectId,
  Long,
  Decimal128,
  Double,
  Int32,
  Binary,
  Timestamp,
  MinKey,
  MaxKey,
  Code,
} from 'bson';
import { cutRecord, readRecord, recordHash } from '../../../src/evidence/recordBytes';
import { findingOf } from '../../../src/evidence/recordFinding';
import { sha256Hex } from '../../../src/tlog/sha256';
import { MALFORMED } from '../../harness/refusals';

/** One element of a BSON document, by hand. */
const element = (type: number, name: string | Buffer, value: Buffer): Buffer =>
  Buffer.concat([Buffer.of(type), Buffer.from(name), Buffer.of(0), value]);

function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const size = Buffer.alloc(4);
  size.writeInt32LE(bytes.length + 1);
  return Buffer.concat([size, bytes, Buffer.of(0)]);
}

function date(ms: bigint): Buffer {
  const value = Buffer.alloc(8);
  value.writeBigInt64LE(ms);
  return value;
}

function document(...elements: Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.alloc(4), ...elements, Buffer.of(0)]);
  body.writeInt32LE(body.length);
  return body;
}

const ID = element(0x07, '_id', Buffer.from('0123456789abcdef01234567', 'hex'));
const TRUE = element(0x08, 'immutable', Buffer.of(1));
const FALSE = element(0x08, 'immutable', Buffer.of(0));
const OWNER = element(0x02, 'snapshotId', text('snap-1'));
const HASH = element(0x02, 'hash', text('f'.repeat(64)));
const NOTE = element(0x02, 'note', text('ünïcode'));

test('sealing members are removed at any position of the top level, and nowhere below it', () => {
  const nested = element(0x03, 'details', document(TRUE, OWNER));
  expect(cutRecord(document(FALSE, ID, nested, OWNER, NOTE, TRUE))).toEqual(document(ID, nested, NOTE));
});

test('any record has the same record bytes before and after it is marked', () => {
  const member = fc.oneof(
    fc.string(),
    fc.integer().map((value) => new Int32(value)),
    fc.double({ noNaN: true }).map((value) => new Double(value)),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => Long.fromBigInt(value)),
    fc.boolean(),
    fc.constant(null),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 20 }).map((value) => new Binary(value)),
    fc.array(fc.string(), { maxLength: 3 }),
    fc.dictionary(
      fc.string({ maxLength: 4 }).filter((name) => !name.includes('\0')),
      fc.string(),
      { maxKeys: 3 },
    ),
  );
  const name = fc
    .string({ maxLength: 8 })
    .filter((key) => !key.includes('\0') && !['_id', 'immutable', 'snapshotId'].includes(key));
  fc.assert(
    fc.property(fc.dictionary(name, member, { maxKeys: 6 }), (members) => {
      const parsed = { _id: new ObjectId(), ...members };
      const open = BSON.serialize({ ...parsed, immutable: false });
      const marked = BSON.serialize({ ...parsed, immutable: true, snapshotId: 'snap-x' });
      const bytes = cutRecord(open);
      expect(cutRecord(marked)).toEqual(bytes);
      expect(cutRecord(bytes)).toEqual(bytes);
      expect(bytes).toEqual(Buffer.from(BSON.serialize(parsed)));
    }),
    { numRuns: 300 },
  );
});

test('the record hash is SHA-256 of the bytes without any top-level hash', () => {
  const expected = sha256Hex(document(ID, NOTE));
  expect(recordHash(document(ID, HASH, NOTE))).toBe(expected);
  expect(recordHash(document(HASH, ID, NOTE, HASH))).toBe(expected);
  expect(recordHash(document(ID, NOTE))).toBe(expected);
});

test('a record may have members of every BSON type', () => {
  const everything = BSON.serialize(
    {
      _id: 1,
      double: 1.5,
      string: 'x',
      object: { a: { b: [] } },
      array: [1, [2]],
      binary: new Binary(Buffer.from('x')),
      boolean: true,
      date: new Date(0),
      null: null,
      regex: /a/i,
      code: new Code('f', { a: 1 }),
      bare: new Code('f'),
      int: new Int32(1),
      timestamp: new Timestamp({ t: 1, i: 1 }),
      long: Long.fromNumber(5),
      decimal: Decimal128.fromString('1.1'),
      min: new MinKey(),
      max: new MaxKey(),
      immutable: false,
    },
    { ignoreUndefined: false },
  );
  const view = readRecord(everything);
  expect(view).toMatchObject({ id: 'bson:10:01000000', timestamps: [], hashMembers: 0 });
  expect(Buffer.from(everything).includes(view.bytes.subarray(4, -1))).toBe(true);
});

test.each<[string, Buffer, object]>([
  ['without an id', document(NOTE), { id: '' }],
  [
    'with an id twice: the first counts',
    document(ID, element(0x08, '_id', Buffer.of(1))),
    { id: '0123456789abcdef01234567' },
  ],
  [
    'with invalid UTF-8',
    document(ID, element(0x02, 'note', text(Buffer.from([0xff, 0xfe])))),
    { hashMembers: 0 },
  ],
  [
    'with an invalid name',
    document(ID, element(0x08, Buffer.from([0xc3, 0x28]), Buffer.of(1))),
    { hashMembers: 0 },
  ],
  [
    'with a hash that is not a string',
    document(ID, element(0x08, 'hash', Buffer.of(1))),
    { hashMembers: 1, hashText: undefined },
  ],
  ['with repeated keys', document(ID, NOTE, NOTE), { hashMembers: 0 }],
  [
    'with dotted and $ keys',
    document(ID, element(0x08, 'a.b', Buffer.of(1)), element(0x08, '$c', Buffer.of(1))),
    { hashMembers: 0 },
  ],
  [
    'with two dates',
    document(ID, element(0x09, 'timestamp', date(5n)), element(0x09, 'timestamp', date(7n))),
    { timestamps: [5, 7] },
  ],
  ['with a date out of range', document(ID, element(0x09, 'timestamp', date(2n ** 62n))), { timestamps: [] }],
  [
    'with a timestamp that is not a date',
    document(ID, element(0x02, 'timestamp', text('now'))),
    { timestamps: [] },
  ],
])('a record %s keeps its bytes', (_, bytes, view) => {
  expect(readRecord(bytes)).toMatchObject(view);
  expect(readRecord(bytes).bytes).toEqual(bytes);
});

test('a record may have 200 levels and 16 MiB', () => {
  let nested = document(NOTE);
  for (let level = 0; level < 200; level++) nested = document(element(0x03, 'n', nested));
  const large = element(
    0x05,
    'large',
    Buffer.concat([Buffer.from([0, 0, 0, 1, 0]), Buffer.alloc(16 * 1024 * 1024)]),
  );
  const bytes = document(ID, element(0x03, 'deep', nested), large, TRUE);
  const expected = document(ID, element(0x03, 'deep', nested), large);
  expect(readRecord(bytes).bytes.equals(expected)).toBe(true);
});

test.each([
  ['hash-missing', document(ID, NOTE)],
  ['hash-missing', document(ID, element(0x08, 'hash', Buffer.of(1)))],
  ['hash-mismatch', document(ID, NOTE, HASH)],
  ['hash-repeated', document(ID, HASH, HASH)],
  [undefined, document(ID, NOTE, element(0x02, 'hash', text(sha256Hex(document(ID, NOTE)))))],
])('a record and its own hash: the finding is %s', (finding, bytes) => {
  expect(findingOf(readRecord(bytes), 'bson-sha256/v1')).toBe(finding);
  expect(findingOf(readRecord(bytes), 'opaque')).toBe(finding === 'hash-mismatch' ? undefined : finding);
});

const sample = document(
  ID,
  NOTE,
  element(0x03, 'details', document(TRUE)),
  element(0x09, 'timestamp', date(5n)),
  HASH,
);

test('a record cut off anywhere is malformed', () => {
  for (let length = 0; length < sample.length; length++) {
    expect(() => readRecord(sample.subarray(0, length))).toThrow(MALFORMED);
  }
});

test('a record with an extra byte, a wrong size or an unknown type is malformed', () => {
  const longer = Buffer.concat([sample, Buffer.of(0)]);
  const wrong = Buffer.from(sample);
  wrong.writeInt32LE(sample.length - 1);
  const unknown = document(element(0x55, 'x', Buffer.of(1)));
  const overlong = document(element(0x02, 'x', Buffer.from([0xff, 0xff, 0xff, 0x7f, 0])));
  for (const bytes of [longer, wrong, unknown, overlong]) expect(() => readRecord(bytes)).toThrow(MALFORMED);
});
