import {
  Binary,
  BSONSymbol,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  UUID,
} from 'bson';
import { documentOf, element, elementsOf, int32, int64, text } from './bsonBytes';

/** Members outside of the hash: made when the hash is known. */
type OutsideHash = (hash: string) => object;

/** A record as a list of its elements in order; bytes are hashed, the other members are not. */
export interface RecordCase {
  readonly name: string;
  readonly elements: readonly (Uint8Array | OutsideHash)[];
}

const ID = elementsOf({ _id: new ObjectId('65e1b2c3d4e5f60718293a4b') });
const NOTE = elementsOf({ note: 'seen' });
const HASH: OutsideHash = (hash) => ({ hash });
const OPEN: OutsideHash = () => ({ immutable: false });
const SEALED: OutsideHash = () => ({ immutable: true, snapshotId: 'snap-day-2026-03-01' });

/** Records of one member besides the id. */
function values(kind: string, members: Readonly<Record<string, Uint8Array>>): RecordCase[] {
  return Object.entries(members).map(([name, bytes]) => record(`${kind}: ${name}`, ID, bytes));
}

/** A record as the reference code makes it: what is hashed, then `hash`, then `immutable`. */
function record(name: string, ...hashed: Uint8Array[]): RecordCase {
  return { name, elements: [...hashed, HASH, OPEN] };
}

const value = (given: unknown) => elementsOf({ value: given });
const double = (bits: bigint) => element(0x01, 'value', int64(bits));
const date = (ms: bigint) => element(0x09, 'value', int64(ms));
const binary = (subtype: number, hex: string) => value(new Binary(Buffer.from(hex, 'hex'), subtype));
const regex = (pattern: string, options: string) =>
  element(0x0b, 'value', Buffer.from(`${pattern}\0${options}\0`));
const decimal = (digits: string) => value(Decimal128.fromString(digits));
const UUID_HEX = '0b0e7d5c8f3a4c4e9d2f1a2b3c4d5e6f';

function nested(levels: number): object {
  return levels === 0 ? { end: true } : { n: nested(levels - 1) };
}

/** What the programs in docs/reference/record-hash build with their own driver's types. */
const NATIVE_ENTRY = {
  resourceType: 'Case',
  resourceId: 'case-42',
  action: 'document.viewed',
  actorId: 'user-7',
  details: {
    count: new Int32(3),
    big: Long.fromString('9007199254740993'),
    whole: new Double(2),
    ratio: new Double(0.1),
    negativeZero: new Double(-0),
    amount: Decimal128.fromString('12.50'),
    requestId: new UUID('0b0e7d5c-8f3a-4c4e-9d2f-1a2b3c4d5e6f'),
    digest: new Binary(Buffer.from('00ff10', 'hex')),
    tags: ['a', 'ü', '🔐'],
    nothing: null,
    allowed: true,
    empty: {},
    none: [],
    born: new Date('1969-07-20T20:17:40.000Z'),
    pattern: /^case-/i,
  },
  timestamp: new Date('2026-03-01T09:30:00.123Z'),
};

export const NATIVE_CASE = 'entry: every common type, built in each language';

export const RECORD_CASES: readonly RecordCase[] = [
  record(NATIVE_CASE, ID, elementsOf(NATIVE_ENTRY)),
  record('entry: no member but the id', ID),
  ...values('int32', {
    zero: value(new Int32(0)),
    least: value(new Int32(-(2 ** 31))),
    greatest: value(new Int32(2 ** 31 - 1)),
  }),
  ...values('int64', {
    'one, which is not int32 one': value(Long.fromNumber(1)),
    least: value(Long.MIN_VALUE),
    greatest: value(Long.MAX_VALUE),
    'more than a double holds': value(Long.fromString('9007199254740993')),
  }),
  ...values('double', {
    'one, which is not int32 one': value(new Double(1)),
    'minus zero': value(new Double(-0)),
    tenth: value(new Double(0.1)),
    least: value(new Double(Number.MIN_VALUE)),
    greatest: value(new Double(Number.MAX_VALUE)),
    infinity: value(new Double(Infinity)),
    'minus infinity': value(new Double(-Infinity)),
    NaN: double(0x7ff8000000000000n),
    'NaN with a payload': double(0x7ff80000deadbeefn),
    'signalling NaN': double(0x7ff0000000000001n),
  }),
  ...values('decimal128', {
    'one digit': decimal('1'),
    'the same value with two digits': decimal('1.0'),
    '34 digits': decimal('9.999999999999999999999999999999999E+6144'),
    'minus zero with an exponent': decimal('-0E+3'),
    NaN: decimal('NaN'),
    infinity: decimal('-Infinity'),
    'significand out of range, which counts as zero': element(
      0x13,
      'value',
      Buffer.from('00000000000000000000000000000070', 'hex'),
    ),
  }),
  ...values('date', {
    epoch: date(0n),
    'one millisecond before the epoch': date(-1n),
    'first of year 1': date(BigInt(Date.parse('0001-01-01T00:00:00Z'))),
    'last of year 9999': date(BigInt(Date.parse('9999-12-31T23:59:59.999Z'))),
    'before year 1': date(-99_999_999_999_999n),
    'later than the last JavaScript Date': date(8_640_000_000_000_001n),
    earliest: date(-(2n ** 63n)),
  }),
  ...values('string', {
    empty: value(''),
    'two bytes a letter': value('żółć'),
    'outside of the basic plane': value('🔐👩🏽‍⚖️'),
    composed: value('\u00e9'),
    decomposed: value('e\u0301'),
    'with NUL inside': value('a\0b'),
    'right to left': value('שלום'),
    'noncharacter and private use': value('\uffff\ue000'),
    '10,000 letters': value('audit '.repeat(1_667)),
    'invalid UTF-8': element(0x02, 'value', text(Buffer.from([0x41, 0xff, 0xfe]))),
  }),
  ...values('binary', {
    empty: binary(0, ''),
    'subtype 0': binary(0, '00ff10'),
    'subtype 2 with its inner length': element(
      0x05,
      'value',
      Buffer.concat([int32(7), Buffer.of(2), int32(3), Buffer.from('00ff10', 'hex')]),
    ),
    'subtype 3, a UUID of old drivers': binary(3, UUID_HEX),
    'subtype 4, a UUID': binary(4, UUID_HEX),
    'subtype 5, an MD5': binary(5, UUID_HEX),
    'subtype 8, sensitive': binary(8, '00ff10'),
    'subtype 9, a vector': binary(9, '030000010203'),
    'subtype 128, user-defined': binary(0x80, '00ff10'),
    '20,000 bytes': value(new Binary(Buffer.alloc(20_000, 7))),
  }),
  ...values('regular expression', {
    'sorted options': regex('^case-', 'im'),
    'unsorted options': regex('^case-', 'mi'),
    empty: regex('', ''),
  }),
  ...values('other type', {
    true: value(true),
    false: value(false),
    null: value(null),
    'undefined, deprecated': element(0x06, 'value', Buffer.of()),
    ObjectId: value(new ObjectId('000000000000000000000000')),
    'DBPointer, deprecated': element(0x0c, 'value', Buffer.concat([text('db.c'), Buffer.alloc(12, 1)])),
    code: value(new Code('f()')),
    'code with scope': value(new Code('f()', { a: 1 })),
    'symbol, deprecated': value(new BSONSymbol('seen')),
    timestamp: value(new Timestamp({ t: 0xffffffff, i: 1 })),
    'timestamp zero, nested': value({ at: new Timestamp({ t: 0, i: 0 }) }),
    'min key': value(new MinKey()),
    'max key': value(new MaxKey()),
  }),
  ...values('structure', {
    'empty document and empty array': elementsOf({ document: {}, array: [] }),
    'array of arrays': value([[], [1, [2, [3]]]]),
    'array of mixed types': value([null, 'a', new Double(1), { b: false }]),
    'array with names that are no indexes': element(
      0x04,
      'value',
      documentOf([elementsOf({ 7: 'a', x: 'b' })]),
    ),
    '90 levels': value(nested(90)),
    '500 members': elementsOf(
      Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`m${index}`, index])),
    ),
    'a before b': value({ a: 1, b: 2 }),
    'b before a': value({ b: 2, a: 1 }),
    'repeated members': Buffer.concat([NOTE, elementsOf({ note: 'unseen' })]),
    'repeated members, nested': element(0x03, 'value', documentOf([NOTE, NOTE])),
    'hash and sealing members below the top': value({ hash: 'x', immutable: true, snapshotId: 'y', _id: 1 }),
    'name empty': elementsOf({ '': 1 }),
    'names with dots and dollars': elementsOf({ 'a.b': 1, $c: { $d: 1 } }),
    'names beyond ASCII': elementsOf({ größe: 1, '🔐': 2 }),
    'numbers as names, descending': element(
      0x03,
      'value',
      documentOf([elementsOf({ 2: 'b' }), elementsOf({ 1: 'a' })]),
    ),
    'names that JavaScript objects inherit': value(JSON.parse('{"__proto__": 1, "constructor": 2}')),
    'names that differ from the special ones by case': elementsOf({
      Hash: 1,
      HASH: 2,
      Immutable: 3,
      hash_: 4,
    }),
  }),
  ...Object.entries({
    int32: new Int32(7),
    int64: Long.fromNumber(7),
    double: new Double(7.5),
    string: 'order-7',
    'empty string': '',
    UUID: new UUID('0b0e7d5c-8f3a-4c4e-9d2f-1a2b3c4d5e6f'),
    document: { tenant: 'a', number: 7 },
    date: new Date(0),
    decimal128: Decimal128.fromString('7'),
    boolean: false,
    null: null,
  }).map(([type, _id]) => record(`_id: ${type}`, elementsOf({ _id }), NOTE)),
  record('_id: after another member', NOTE, ID),
  { name: 'place: hash first', elements: [HASH, ID, NOTE, OPEN] },
  { name: 'place: hash between members', elements: [ID, HASH, NOTE, OPEN] },
  { name: 'place: immutable first', elements: [OPEN, ID, NOTE, HASH] },
  { name: 'place: as sealing leaves it', elements: [ID, NOTE, HASH, SEALED] },
];
