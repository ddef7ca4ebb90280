import { BSON, Binary, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import * as fc from 'fast-check';
import { bsonElements, type BsonValue } from '../../../src/evidence/bsonElements';
import { compareBson } from '../../../src/evidence/bsonOrder';
import { MALFORMED } from '../../harness/refusals';

function valueOf(value: unknown): BsonValue {
  const document = Buffer.from(BSON.serialize({ v: value }, { ignoreUndefined: false }));
  const [element] = bsonElements(document);
  return { type: element!.type, value: document.subarray(element!.valueStart, element!.end) };
}

const compare = (left: unknown, right: unknown) => Math.sign(compareBson(valueOf(left), valueOf(right)));

/** In the order of the MongoDB manual, "Comparison/Sort Order". */
const ASCENDING: readonly unknown[] = [
  new MinKey(),
  null,
  Number.NaN,
  -Infinity,
  Decimal128.fromString('-1E+300'),
  Long.MIN_VALUE,
  new Double(-1.5),
  Decimal128.fromString('-1.25'),
  new Double(-Number.MIN_VALUE),
  new Int32(0),
  Decimal128.fromString('1E-6176'),
  new Double(Number.MIN_VALUE),
  // 0.1 in binary is a little more than 0.1.
  Decimal128.fromString('0.1'),
  new Double(0.1),
  new Int32(1),
  Long.fromString('9007199254740992'),
  Long.fromString('9007199254740993'),
  Decimal128.fromString('9007199254740993.5'),
  new Double(9007199254740994),
  Long.MAX_VALUE,
  Decimal128.fromString('9.999999999999999999999999999999999E+6144'),
  Infinity,
  '',
  'a',
  'a\0',
  'ab',
  'b',
  'é',
  {},
  { a: 1 },
  { b: 1 },
  { b: 1, c: 1 },
  { b: 2 },
  { a: 'x' },
  new Binary(Buffer.from([9])),
  new Binary(Buffer.from([1, 0])),
  new Binary(Buffer.from([1, 0]), 128),
  new Binary(Buffer.alloc(300)),
  new ObjectId('0'.repeat(24)),
  new ObjectId('f'.repeat(24)),
  false,
  true,
  new Date(-1),
  new Date(0),
  new Timestamp({ t: 1, i: 0 }),
  new Timestamp({ t: 0xffff_ffff, i: 1 }),
  new MaxKey(),
];

test('values of every type are in the order of the MongoDB manual', () => {
  for (const [index, left] of ASCENDING.entries())
    for (const [other, right] of ASCENDING.entries())
      expect([index, other, compare(left, right)]).toEqual([index, other, Math.sign(index - other)]);
});

test.each([
  [new Int32(1), new Double(1)],
  [new Int32(1), Long.fromNumber(1)],
  [new Double(-0), Decimal128.fromString('0E+10')],
  [Decimal128.fromString('10'), Decimal128.fromString('1E+1')],
  [new Double(0.5), Decimal128.fromString('0.50')],
  [Number.NaN, Decimal128.fromString('NaN')],
  [Infinity, Decimal128.fromString('Infinity')],
])('%s and %s are equal', (left, right) => {
  expect(compare(left, right)).toBe(0);
});

test('doubles and integers compare by value, whatever they are', () => {
  const number = fc.oneof(fc.double({ noNaN: true }), fc.integer());
  fc.assert(
    fc.property(number, number, (left, right) => {
      expect(compare(new Double(left), new Double(right))).toBe(
        Math.sign(Number(left > right) - Number(left < right)),
      );
    }),
  );
});

test('a document that is nested deeper than servers store is refused', () => {
  const nest = (levels: number): object => (levels === 0 ? {} : { n: nest(levels - 1) });
  expect(compare(nest(150), nest(150))).toBe(0);
  expect(() => compare(nest(201), nest(201))).toThrow(MALFORMED);
});
