import { idBatches } from '../../../src/mongo/recordId';

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
