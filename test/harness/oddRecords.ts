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
import { element, elementsOf, int64, text } from './bsonBytes';
import {
  filler,
  found,
  group,
  ids,
  marks,
  members,
  MIB,
  nested,
  nestedArray,
  NONE,
  ODD_START_MS,
  record,
  repeated,
  times,
  unmarkable,
  type OddRecord,
  type Part,
} from './oddRecordParts';
import { RECORD_CASES } from './recordHashCases';

const date = (ms: bigint) => element(0x09, 'timestamp', int64(ms));
const instant = (value: string) => date(BigInt(Date.parse(value)));
const both = (...parts: Part[]) => Buffer.concat(parts);
const DATE = elementsOf({ timestamp: new Date(ODD_START_MS) });
const DBPOINTER = both(text('db.c'), Buffer.alloc(12, 1));

const TIME_OTHER: Readonly<Record<string, unknown>> = {
  true: true,
  'a document': { $date: '2026-03-01T00:00:00Z' },
  'an array of dates': [new Date(ODD_START_MS)],
  'an empty array': [],
  'an ObjectId': new ObjectId('65e1b2c3d4e5f60718293a4b'),
  'binary data': new Binary(Buffer.alloc(8)),
  'a BSON timestamp': new Timestamp({ t: 1_772_323_200, i: 1 }),
  'a symbol': new BSONSymbol('now'),
  'a regular expression': /2026/,
  code: new Code('now()'),
  'the min key': new MinKey(),
  'the max key': new MaxKey(),
};

const TIMES: readonly OddRecord[] = [
  ...group('time', 'left out: time-missing', {
    'the member is missing': { time: NONE },
    null: { time: elementsOf({ timestamp: null }) },
    undefined: { time: element(0x06, 'timestamp', NONE) },
    'only below the top level': { time: NONE, more: elementsOf({ nested: { timestamp: new Date() } }) },
  }),
  ...group(
    'time',
    'left out: time-text',
    times(
      members('timestamp', {
        'text of a date': '2026-03-01T12:00:00.000Z',
        'empty text': '',
        'text of a number': '1772323200000',
      }),
    ),
  ),
  ...repeated(
    group('time', 'left out: time-text', {
      'text, then a date': { time: both(elementsOf({ timestamp: 'x' }), DATE) },
    }),
  ),
  ...group(
    'time',
    'left out: time-number',
    times(
      members('timestamp', {
        'seconds, int32': new Int32(1_772_323_200),
        'milliseconds, int64': Long.fromNumber(ODD_START_MS),
        'milliseconds, double': new Double(ODD_START_MS),
        decimal128: Decimal128.fromString('1772323200000'),
        NaN: Number.NaN,
      }),
    ),
  ),
  ...group('time', 'left out: time-other', times(members('timestamp', TIME_OTHER))),
  ...group('time', 'left out: time-other', {
    'a DBPointer': { time: element(0x0c, 'timestamp', DBPOINTER) },
  }),
  ...group('time', 'left out: time-range', {
    'first of the year 10000': { time: instant('+010000-01-01T00:00:00Z') },
    'last of the year -1': { time: instant('-000001-12-31T23:59:59.999Z') },
    'later than the last JavaScript Date': { time: date(8_640_000_000_000_001n) },
    'the largest int64': { time: date(2n ** 63n - 1n) },
    'the smallest int64': { time: date(-(2n ** 63n)) },
  }),
  ...group('time', 'sealed', {
    'one millisecond before 1970': { time: date(-1n) },
    'first of the year 0': { time: instant('0000-01-01T00:00:00Z') },
    'year 1': { time: instant('0001-01-01T00:00:00Z') },
    'year 1582': { time: instant('1582-10-10T00:00:00Z') },
    'two dates: the first one counts': { time: both(DATE, instant('2020-01-01T00:00:00Z')) },
  }),
  ...repeated(
    group('time', 'sealed', { 'a date, then text': { time: both(DATE, elementsOf({ timestamp: 'x' })) } }),
  ),
];

const MARKS: readonly OddRecord[] = [
  ...group('mark', 'left out: immutable-missing', {
    'the member is missing': { mark: NONE },
    null: { mark: elementsOf({ immutable: null }) },
    undefined: { mark: element(0x06, 'immutable', NONE) },
    'only below the top level': { mark: elementsOf({ nested: { immutable: false } }) },
    'missing, with a time of text': { mark: NONE, time: elementsOf({ timestamp: 'x' }) },
  }),
  ...group(
    'mark',
    'left out: immutable-odd',
    marks(
      members('immutable', {
        'text false': 'false',
        'empty text': '',
        'number 0': new Int32(0),
        'number 1': new Double(1),
        'a document': {},
        'an empty array': [],
        'a date': new Date(0),
        'an ObjectId': new ObjectId('65e1b2c3d4e5f60718293a4b'),
        'binary data': new Binary(Buffer.of(0)),
        'the max key': new MaxKey(),
      }),
    ),
  ),
  ...group('mark', 'left out: mark-foreign', {
    'true without a snapshot': { mark: elementsOf({ immutable: true }) },
    'true with a snapshot that does not exist': {
      mark: elementsOf({ immutable: true, snapshotId: 'snap-none' }),
    },
    'true with a number as snapshot': { mark: elementsOf({ immutable: true, snapshotId: 5 }) },
  }),
  ...repeated(
    group('mark', 'left out: mark-foreign', {
      'true, then false': { mark: both(elementsOf({ immutable: true }), elementsOf({ immutable: false })) },
    }),
  ),
  ...group('mark', 'sealed', {
    'false with a snapshot': { mark: elementsOf({ immutable: false, snapshotId: 'snap-none' }) },
    'false with a document as snapshot': { mark: elementsOf({ immutable: false, snapshotId: { a: 1 } }) },
    'false twice': { mark: both(elementsOf({ immutable: false }), elementsOf({ immutable: false })) },
  }),
  ...repeated(
    group('mark', 'sealed', {
      'false, then true': { mark: both(elementsOf({ immutable: false }), elementsOf({ immutable: true })) },
    }),
  ),
];

const ID_VALUES: Readonly<Record<string, unknown>> = {
  int32: new Int32(7),
  'int64 beyond a double': Long.fromString('9007199254740993'),
  double: new Double(7.5),
  NaN: Number.NaN,
  infinity: Number.POSITIVE_INFINITY,
  decimal128: Decimal128.fromString('8.10'),
  text: 'order-7',
  'empty text': '',
  'text with a zero byte': 'a\0b',
  'text that looks like an ObjectId': '65e1b2c3d4e5f60718293a4b',
  'text of 125 bytes: 256 characters and more are listed as a digest': 'a'.repeat(125),
  'text of 1.2 MB': 'b'.repeat(1_200_000),
  'text of 5 MB': 'c'.repeat(5_000_000),
  symbol: new BSONSymbol('order-8'),
  document: { tenant: 'a', number: 7 },
  'empty document': {},
  'document with $ names': { $id: 1, 'a.b': 2 },
  'document of 50 levels': nested(50),
  'binary data': new Binary(Buffer.from('00ff', 'hex')),
  'empty binary data': new Binary(Buffer.alloc(0)),
  UUID: new UUID('0b0e7d5c-8f3a-4c4e-9d2f-1a2b3c4d5e6f'),
  'ObjectId of zeros, the last one': new ObjectId('f'.repeat(24)),
  true: true,
  false: false,
  null: null,
  'date before 1970': new Date(-1),
  'BSON timestamp': new Timestamp({ t: 1, i: 1 }),
  code: new Code('f()'),
  'code with scope': new Code('g()', { a: 1 }),
  'min key': new MinKey(),
  'max key': new MaxKey(),
};

const IDS: readonly OddRecord[] = [
  ...group('id', 'sealed', ids(members('_id', ID_VALUES))),
  ...group('id', 'sealed', {
    'after another member': { id: both(elementsOf({ note: 1 }), elementsOf({ _id: 'late' })) },
  }),
  ...unmarkable(
    group('id', 'sealed', {
      'text that is not UTF-8': { id: element(0x02, '_id', text(Buffer.from([0xff, 0xfe, 0x41]))) },
      'date later than the last JavaScript Date': { id: element(0x09, '_id', int64(2n ** 62n)) },
      DBPointer: { id: element(0x0c, '_id', DBPOINTER) },
    }),
  ),
];

const HASHES: readonly OddRecord[] = [
  ...found('hash-missing', {
    'the member is missing': NONE,
    'a number': elementsOf({ hash: 5 }),
    null: elementsOf({ hash: null }),
    'a document': elementsOf({ hash: { hex: 'a' } }),
    'an array': elementsOf({ hash: ['a'] }),
    'binary data': elementsOf({ hash: new Binary(Buffer.alloc(32)) }),
    'a symbol': elementsOf({ hash: new BSONSymbol('a') }),
  }),
  ...found('hash-mismatch', {
    'of another record': elementsOf({ hash: 'f'.repeat(64) }),
    'empty text': elementsOf({ hash: '' }),
    'text of 1 MB': elementsOf({ hash: 'a'.repeat(MIB) }),
    'text that is not UTF-8': element(0x02, 'hash', text(Buffer.from([0xff]))),
    'with another member after it': both(elementsOf({ hash: '0'.repeat(64) }), elementsOf({ added: 1 })),
  }),
  ...found('hash-repeated', {
    'twice the same': both(elementsOf({ hash: 'a' }), elementsOf({ hash: 'a' })),
    'a number, then text': both(elementsOf({ hash: 1 }), elementsOf({ hash: 'a' })),
  }),
];

const SIZES: readonly OddRecord[] = [
  ...group('size', 'sealed', {
    'no member of its own': {},
    '10,000 members': {
      more: elementsOf(Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`m${n}`, n]))),
    },
    'a name of 1 MB': { more: elementsOf({ ['n'.repeat(MIB)]: 1 }) },
    'text of 8 MB': { more: elementsOf({ large: 'x'.repeat(8 * MIB) }) },
    '16 MiB less 4 KiB': { more: elementsOf({ large: new Binary(Buffer.alloc(16 * MIB - 4_096, 7)) }) },
    '100 levels of documents': { more: elementsOf({ deep: nested(97) }) },
    '100 levels of arrays': { more: elementsOf({ deep: nestedArray(97) }) },
  }),
  ...unmarkable(group('size', 'sealed', { '16 MiB, the largest there is': { more: filler() } })),
];

/** Every content of the vectors of the record hash: all types of BSON, their limits, repeated and special names. */
const CONTENTS: readonly OddRecord[] = RECORD_CASES.filter(({ name }) => !/^(_id|place): /.test(name)).map(
  ({ name, elements }) => {
    const own = elements.filter((part): part is Uint8Array => part instanceof Uint8Array && !isId(part));
    const withoutTime = own.filter((part) => !Buffer.from(part).includes('timestamp\0'));
    return {
      group: 'content',
      name,
      bytes: record({ more: both(...withoutTime) }),
      outcome: 'sealed' as const,
    };
  },
);

export type { OddRecord } from './oddRecordParts';

export const ODD_RECORDS: readonly OddRecord[] = [
  ...TIMES,
  ...MARKS,
  ...IDS,
  ...HASHES,
  ...SIZES,
  ...CONTENTS,
];

function isId(part: Uint8Array): boolean {
  return Buffer.from(part).subarray(1, 5).equals(Buffer.from('_id\0'));
}

/** The table of docs/odd-records.md. */
export function oddRecordTable(): string {
  const rows = ODD_RECORDS.map(
    ({ group: part, name, outcome, finding, dependsOnServer, unmarkable: cannot }) => {
      const notes = [
        dependsOnServer && 'where the server reads the last of the two members, as that member says',
        finding && `finding \`${finding}\``,
        cannot && 'not marked: counted as a conflict',
      ];
      const noted = notes.filter((note) => typeof note === 'string');
      const [what, kind] = outcome.split(': ');
      const shown = kind === undefined ? what : `${what}, counted as \`${kind}\``;
      return `| ${part} | ${name} | ${[shown, ...noted].join('; ')} |`;
    },
  );
  return ['| part | what is odd | what happens |', '| --- | --- | --- |', ...rows, ''].join('\n');
}
