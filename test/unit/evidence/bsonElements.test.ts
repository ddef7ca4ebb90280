import {
  BSON,
  Binary,
  BSONRegExp,
  Code,
  Decimal128,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson';
import { bsonElements } from '../../../src/evidence/bsonElements';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const walk = (document: Uint8Array) =>
  [...bsonElements(Buffer.from(document))].map(({ type, name, start, valueStart, end }) => [
    type,
    name,
    valueStart - start,
    end - valueStart,
  ]);

test('every element of a document is found with its type, name and bounds', () => {
  const document = BSON.serialize({
    text: 'abc',
    inner: { a: 1 },
    list: [true],
    bytes: new Binary(Buffer.alloc(3)),
    id: new ObjectId(),
    no: null,
    at: new Date(0),
    like: new BSONRegExp('ab', 'i'),
    code: new Code('f()'),
    scoped: new Code('f', { a: 1 }),
    small: new Int32(1),
    stamp: new Timestamp({ t: 1, i: 1 }),
    large: Long.fromNumber(2 ** 40),
    money: Decimal128.fromString('1'),
    half: 0.5,
    yes: true,
    low: new MinKey(),
    high: new MaxKey(),
  });
  expect(walk(document)).toEqual([
    [0x02, 'text', 6, 8],
    [0x03, 'inner', 7, 12],
    [0x04, 'list', 6, 9],
    [0x05, 'bytes', 7, 8],
    [0x07, 'id', 4, 12],
    [0x0a, 'no', 4, 0],
    [0x09, 'at', 4, 8],
    [0x0b, 'like', 6, 5],
    [0x0d, 'code', 6, 8],
    [0x0f, 'scoped', 8, 22],
    [0x10, 'small', 7, 4],
    [0x11, 'stamp', 7, 8],
    [0x12, 'large', 7, 8],
    [0x13, 'money', 7, 16],
    [0x01, 'half', 6, 8],
    [0x08, 'yes', 5, 1],
    [0xff, 'low', 5, 0],
    [0x7f, 'high', 6, 0],
  ]);
});

test('elements of deprecated types are found as well', () => {
  const pointer = '0c 7000 02000000 6100 0102030405060708090a0b0c';
  const symbol = '0e 7300 02000000 6100';
  const nothing = '06 7500';
  const body = hex(`${pointer} ${symbol} ${nothing} 00`);
  const length = Buffer.alloc(4);
  length.writeInt32LE(body.length + 4);
  expect(walk(Buffer.concat([length, body]))).toEqual([
    [0x0c, 'p', 3, 18],
    [0x0e, 's', 3, 6],
    [0x06, 'u', 3, 0],
  ]);
});

test('the smallest document has no elements', () => {
  expect(walk(hex('0500000000'))).toEqual([]);
});

test.each([
  ['of four bytes', '04000000', 'length or terminator does not match its bytes'],
  ['with another length', '0600000000', 'length or terminator does not match its bytes'],
  ['without its terminator', '0500000001', 'length or terminator does not match its bytes'],
  ['with a name that does not end', '08000000 08 6162 00', 'an element name exceeds the document'],
  ['with a number that does not end', '0a000000 1000 000000 00', 'an element exceeds the document'],
  ['with an expression that does not end', '08000000 0b00 61 00', 'a regular expression has no end'],
  ['with options that do not end', '09000000 0b00 6100 00', 'an element exceeds the document'],
  ['with a type that does not exist', '07000000 1400 00', 'unknown element type 0x14'],
  ['with text of no bytes', '0b000000 0200 00000000 00', 'the length of a value exceeds the document'],
  [
    'with text of more bytes than there are',
    '0b000000 0200 05000000 00',
    'the length of a value exceeds the document',
  ],
  ['with a length that does not end', '08000000 0200 00 00', 'the length of a value exceeds the document'],
  ['with bytes that have no subtype', '0b000000 0500 00000000 00', 'an element exceeds the document'],
])('a document %s is refused', (_what, bytes, message) => {
  expect(() => walk(hex(bytes))).toThrow(
    expect.objectContaining({ code: 'EVIDENCE_MALFORMED', message: `BSON document: ${message}` }) as Error,
  );
});
