import { mongo } from 'mongoose';
import vm from 'node:vm';
import { bsonElements } from '../../../src/evidence/bsonElements';
import { cutRecord, readRecord } from '../../../src/evidence/recordBytes';
import { findingOf } from '../../../src/evidence/recordFinding';
import { buildEntry, buildRecord } from '../../../src/services/auditEntry';
import { refusalOf } from '../../harness/refusalOf';

const { BSON } = mongo;
const ENTRY = { resourceType: 'invoice', resourceId: '42', action: 'invoice.paid', actorId: 'user-7' };
const TIME = new Date('2026-03-01T12:00:00.000Z');

/** The bytes that the driver sends for an entry with these details. */
const stored = (details: unknown) => Buffer.from(BSON.serialize(buildEntry({ ...ENTRY, details }).document));

class Order {
  readonly total: number;
  constructor(total: number) {
    this.total = total;
  }
}

function nest(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = { n: value };
  return value;
}

const circular: { self?: unknown } = {};
circular.self = circular;
const oldObjectId = { _bsontype: 'ObjectID', toHexString: () => 'a'.repeat(24) };
const ofOldBson = (members: object): unknown => Object.assign(Object.create({ ...members }) as object, {});

const REFUSED: readonly (readonly [what: string, details: unknown, path: string, why: RegExp])[] = [
  ['a bigint of 65 bits', { n: 2n ** 63n }, 'details.n', /more than 64 bits/],
  ['a negative bigint of 65 bits', { n: -(2n ** 63n) - 1n }, 'details.n', /more than 64 bits/],
  ['an unsigned Long beyond int64', { n: mongo.Long.MAX_UNSIGNED_VALUE }, 'details.n', /unsigned Long/],
  ['an invalid date', { at: new Date(Number.NaN) }, 'details.at', /invalid date/],
  ['a date after the year 9999', { at: new Date('+010000-01-01T00:00:00Z') }, 'details.at', /year 10000/],
  ['a date before the year 0', { at: new Date('-000001-12-31T00:00:00Z') }, 'details.at', /year -1;/],
  ['a global regular expression', { r: /a/g }, 'details.r', /flags g/],
  ['a unicode regular expression', { r: /a/iu }, 'details.r', /flags iu/],
  ['a sticky regular expression', [/a/y], 'details[0]', /flags y/],
  ['undefined in a document', { a: { b: undefined } }, 'details.a.b', /undefined/],
  ['undefined in an array', [1, undefined], 'details[1]', /undefined/],
  ['a hole in an array', Object.assign([1], { length: 2 }), 'details', /holes/],
  ['an array with a member', Object.assign([1], { more: 1 }), 'details', /members of its own/],
  ['a function', { f: () => 1 }, 'details.f', /a function/],
  ['a symbol', { s: Symbol('s') }, 'details.s', /a symbol/],
  ['a member named by a symbol', { [Symbol('s')]: 1 }, 'details', /symbol/],
  ['half of a surrogate pair', { t: 'a\ud800' }, 'details.t', /surrogate/],
  ['half of a surrogate pair in a name', { '\ud800': 1 }, 'details["\\ud800"]', /surrogate/],
  ['a zero byte in a name', { 'a\0b': 1 }, 'details["a\\u0000b"]', /zero byte/],
  ['a Set', { s: new Set([1]) }, 'details.s', /class Set/],
  ['an Error', { e: new Error('lost') }, 'details.e', /class Error/],
  ['a Promise', { p: Promise.resolve(1) }, 'details.p', /class Promise/],
  ['an array of floats', { f: new Float64Array(2) }, 'details.f', /class Float64Array/],
  ['an ArrayBuffer', { b: new ArrayBuffer(2) }, 'details.b', /class ArrayBuffer/],
  ['a boxed string', { s: Object('a') as unknown }, 'details.s', /class String/],
  ['a Map with a number as name', new Map([[1, 2]]), 'details', /name is a number/],
  ['101 levels', nest(101), 'details.n.n', /deeper than 100/],
  ['an object that contains itself', circular, 'details.self', /contains itself/],
  ['a dotted name on the way', { 'a.b': { c: 1n << 70n } }, 'details["a.b"].c', /64 bits/],
  ['an own function toBSON', { toBSON: () => 1 }, 'details.toBSON', /a function/],
  ['a zero timestamp', new mongo.Timestamp({ t: 0, i: 0 }), 'details', /server replaces/],
  [
    'a polluted prototype',
    { x: Object.create({ _bsontype: 'Long' }) as unknown },
    'details.x',
    /another version/,
  ],
  [
    'a Decimal128 of another bson',
    { d: ofOldBson({ _bsontype: 'Decimal128' }) },
    'details.d',
    /another version/,
  ],
  [
    'a code with an invalid date in its scope',
    new mongo.Code('f', { d: new Date(Number.NaN) }),
    'details.scope.d',
    /invalid date/,
  ],
  [
    'a DBRef with a bigint of 65 bits',
    new mongo.DBRef('c', new mongo.ObjectId(), 'db', { n: 1n << 64n }),
    'details.n',
    /64 bits/,
  ],
];

test.each(REFUSED)('%s is PAYLOAD_INVALID at its path', (_what, details, path, why) => {
  const { code, message } = refusalOf(() => stored(details));
  expect(code).toBe('PAYLOAD_INVALID');
  expect(message.startsWith(`audit entry: ${path}`)).toBe(true);
  expect(message).toMatch(why);
});

const ACCEPTED: readonly (readonly [what: string, details: unknown])[] = [
  ['a member _bsontype with the name of a class', { _bsontype: 'ObjectId', id: 'x' }],
  ['a member _bsontype of an unknown name', { _bsontype: 'Nothing' }],
  ['a member _bsontype that is no text', { _bsontype: 5 }],
  ['a member __proto__ of parsed JSON', JSON.parse('{"__proto__":{"_bsontype":"Long"},"a":1}') as unknown],
  ['a text as member toBSON', { toBSON: 'text' }],
  ['members that look like a DBRef', { $ref: 'c', $id: 1, $db: 'd' }],
  ['$ names, dots and an empty name', { $set: 1, 'a.b': 2, '': 3 }],
  ['the largest and the smallest int64', [2n ** 63n - 1n, -(2n ** 63n)]],
  ['NaN, minus zero and infinity', [Number.NaN, -0, Number.POSITIVE_INFINITY]],
  ['dates before 1970 and of the year 0', [new Date(-1), new Date('0000-01-01T00:00:00Z')]],
  ['a regular expression with stored flags', { r: /a+/ims }],
  [
    'BSON types',
    [new mongo.Int32(1), new mongo.Double(1), mongo.Long.ONE, mongo.Decimal128.fromString('1.00')],
  ],
  ['more BSON types', [new mongo.MinKey(), new mongo.BSONSymbol('s'), new mongo.UUID(), new mongo.Code('f')]],
  ['a code with scope', new mongo.Code('f', { a: 1 })],
  ['a DBRef', new mongo.DBRef('c', new mongo.ObjectId(), 'db', { more: 1 })],
  ['a Buffer and a Uint8Array', [Buffer.from('ab'), new Uint8Array([1])]],
  [
    'a Map',
    new Map([
      ['7', 1],
      ['1', 2],
    ]),
  ],
  ['an object without prototype', Object.assign(Object.create(null) as object, { a: 1 })],
  ['an object of another realm', vm.runInNewContext('({ a: [1, new Date(0)] })') as unknown],
  ['an instance of a class', new Order(1)],
  ['98 levels', nest(98)],
  ['null', null],
  ['text with a zero byte', 'a\0b'],
];

test.each(ACCEPTED)('%s: the driver sends exactly the bytes that were hashed', (_what, details) => {
  const bytes = stored(details);
  expect(findingOf(readRecord(cutRecord(bytes)), 'bson-sha256/v1')).toBeUndefined();
  expect(stored(details).length).toBe(bytes.length);
});

test('user data with a member _bsontype is stored as a document with that member', () => {
  const bytes = stored({ list: [{ _bsontype: 'Code', code: 'x' }] });
  const details = [...bsonElements(bytes)].find(({ name }) => name === 'details')!;
  const list = bytes.subarray(details.valueStart, details.end);
  expect([...bsonElements(list)].map(({ name, type }) => [name, type])).toEqual([['list', 4]]);
  expect(list.includes(Buffer.from('\x02_bsontype\0\x05\0\0\0Code\0', 'latin1'))).toBe(true);
});

test('an ObjectId of another version of bson is stored as the ObjectId it is', () => {
  const id = Object.create(oldObjectId) as unknown;
  expect(stored({ id }).length).toBe(stored({ id: new mongo.ObjectId() }).length);
  expect(stored({ id }).includes(Buffer.from('a'.repeat(24), 'hex'))).toBe(true);
});

test('what the caller changes after the call is not in the record', () => {
  const details = { list: [1], bytes: Buffer.from('a'), at: new Date(0) };
  const { document } = buildEntry({ ...ENTRY, details });
  const before = BSON.serialize(document);
  details.list.push(2);
  details.bytes[0] = 0;
  details.at.setTime(1);
  expect(BSON.serialize(document)).toEqual(before);
});

test('a value with toBSON is stored as what it returns', () => {
  class Money {
    toBSON(): unknown {
      return { cents: 5 };
    }
  }
  expect(stored({ price: new Money() }).length).toBe(stored({ price: { cents: 5 } }).length);
});

const build = (members: object) => buildRecord(Object.entries({ timestamp: TIME, ...members }));

describe('a record of any members', () => {
  test('has its id first, then its members in their order, the hash and the mark', () => {
    const { document, id, hash } = build({ event: 'login', _id: 'a' });
    expect([...document.keys()]).toEqual(['_id', 'timestamp', 'event', 'hash', 'immutable']);
    expect([id, document.get('hash')]).toEqual(['bson:02:020000006100', hash]);
    const bytes = Buffer.from(BSON.serialize(document as unknown as mongo.Document));
    expect(findingOf(readRecord(bytes), 'bson-sha256/v1')).toBeUndefined();
  });

  test('has the names of members that sealing is configured with', () => {
    const names = { time: 'createdAt', hash: 'digest', immutable: 'sealed', snapshotId: 'seal' };
    const members = { createdAt: TIME, hash: 'of the application', immutable: 1 };
    const { document, hash } = buildRecord(Object.entries(members), names);
    expect([...document.keys()]).toEqual(['_id', 'createdAt', 'hash', 'immutable', 'digest', 'sealed']);
    const record = readRecord(Buffer.from(BSON.serialize(document as unknown as mongo.Document)), names);
    expect([record.hashText?.toString(), findingOf(record, 'bson-sha256/v1', names)]).toEqual([
      hash,
      undefined,
    ]);
    expect(
      refusalOf(() =>
        buildRecord(
          [
            ['createdAt', TIME],
            ['seal', 1],
          ],
          names,
        ),
      ).message,
    ).toContain('seal is a member');
  });

  test('gets an id when it has none', () => {
    for (const members of [{}, { _id: undefined }, { _id: null }])
      expect(build(members).id).toMatch(/^[0-9a-f]{24}$/);
  });

  test.each<[string, object, string]>([
    ['a hash of its own', { hash: 'a' }, 'hash is a member'],
    ['a mark', { immutable: false }, 'immutable is a member'],
    ['a snapshot', { snapshotId: 'snap-1' }, 'snapshotId is a member'],
    ['no time', { timestamp: undefined }, 'timestamp is not a date'],
    ['a time as text', { timestamp: '2026-01-01T00:00:00Z' }, 'timestamp is not a date'],
    ['a time after the year 9999', { timestamp: new Date(8.64e15) }, 'timestamp is in the year 275760'],
    ['an array as id', { _id: [1] }, '_id is of a type'],
    ['a regular expression as id', { _id: /a/ }, '_id is of a type'],
    ['a zero timestamp', { at: new mongo.Timestamp(0n) }, 'at is a zero BSON timestamp'],
    ['no room for the mark', { large: 'a'.repeat(16 * 1024 * 1024 - 1_000) }, 'the record has'],
  ])('with %s is PAYLOAD_INVALID', (_what, members, message) => {
    expect(refusalOf(() => build(members))).toMatchObject({
      code: 'PAYLOAD_INVALID',
      message: expect.stringContaining(`audit entry: ${message}`) as string,
    });
  });
});
