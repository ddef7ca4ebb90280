import { IdSet } from '../../../src/verify/idSet';

const objectId = (index: number) => index.toString(16).padStart(24, '0');

test('an id is new once, whatever its type', () => {
  const set = new IdSet();
  const ids = [
    ...Array.from({ length: 5_000 }, (_, index) => objectId(index)),
    'bson:0a:',
    'bson:10:01000000',
    '',
  ];
  expect(ids.filter((id) => set.has(id))).toEqual([]);
  expect(ids.filter((id) => !set.add(id))).toEqual([]);
  expect(ids.filter((id) => set.add(id))).toEqual([]);
  expect(ids.filter((id) => !set.has(id))).toEqual([]);
  expect(set.has(objectId(5_000))).toBe(false);
  expect(set.size).toBe(ids.length);
});

test('a quarter of a million ids take less than 60 bytes each', () => {
  const before = process.memoryUsage().arrayBuffers;
  const set = new IdSet();
  for (let index = 0; index < 250_000; index++) set.add(objectId(index));
  expect(set.size).toBe(250_000);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(60 * 250_000);
});
