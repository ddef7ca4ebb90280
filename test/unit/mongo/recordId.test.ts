import { setFlagsFromString } from 'node:v8';
import { decodeRecordId, idBatches } from '../../../src/mongo/recordId';

const MIB = 1024 * 1024;
/** An id that takes so many bytes in a command; two characters are one byte. */
const id = (bytes: number) => `bson:02:${'61'.repeat(bytes)}`;
const countsOf = (ids: readonly string[], maxCount: number) =>
  [...idBatches(ids, maxCount)].map((part) => part.length);

test('ids are split by count, and every id is in one part', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  expect([...idBatches(ids, 2)]).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  expect([...idBatches(ids, 5)]).toEqual([ids]);
  expect([...idBatches([], 2)]).toEqual([]);
});

test('ids are split by size, so that one command has at most 4 MiB of them', () => {
  expect(
    countsOf(
      Array.from({ length: 7 }, () => id(MIB)),
      500,
    ),
  ).toEqual([3, 3, 1]);
});

test('an id that is larger than a part is a part of its own', () => {
  expect(countsOf([id(10), id(8 * MIB), id(10), id(10)], 500)).toEqual([1, 1, 2]);
});

test('an id of 8 MiB is decoded in a process that has compiled much code', () => {
  // What V8 does by itself once a process has 16 MiB of compiled code.
  setFlagsFromString('--no-regexp-optimization');
  try {
    const text = 'a'.repeat(8 * MIB);
    const hex = Buffer.concat([Buffer.alloc(4), Buffer.from(`${text}\0`)]);
    hex.writeInt32LE(text.length + 1);
    expect(decodeRecordId(`bson:02:${hex.toString('hex')}`) === text).toBe(true);
  } finally {
    setFlagsFromString('--regexp-optimization');
  }
});

test.each(['x', 'bson:02', 'bson:0:61', 'bson:02:6', 'bson:02:6g', 'bson:02:AB'])(
  'a text that is not the one spelling of an id is refused: %s',
  (text) => {
    expect(() => decodeRecordId(text)).toThrow('not a position id');
  },
);
