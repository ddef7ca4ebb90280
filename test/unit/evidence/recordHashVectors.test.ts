import { bsonElements } from '../../../src/evidence/bsonElements';
import { cutRecord, readRecord, recordHash } from '../../../src/evidence/recordBytes';
import { findingOf } from '../../../src/evidence/recordFinding';
import { makeRecordHashVectors } from '../../harness/recordHashVectors';

const VECTORS = makeRecordHashVectors();
const bytesOf = (bsonHex: string) => Buffer.from(bsonHex, 'hex');

test('there are at least 60 vectors, each with a name of its own', () => {
  expect(VECTORS.length).toBeGreaterThanOrEqual(60);
  expect(new Set(VECTORS.map(({ name }) => name)).size).toBe(VECTORS.length);
});

test('every BSON type is in a vector', () => {
  const types = new Set<number>();
  for (const { bsonHex } of VECTORS) for (const { type } of bsonElements(bytesOf(bsonHex))) types.add(type);
  expect([...types].toSorted((a, b) => a - b)).toEqual([
    ...Array.from({ length: 0x13 }, (_, index) => index + 1),
    0x7f,
    0xff,
  ]);
});

test.each(VECTORS)('the record hash of "$name" matches the definition', ({ bsonHex, hash }) => {
  const record = bytesOf(bsonHex);
  expect(recordHash(cutRecord(record))).toBe(hash);
  expect(findingOf(readRecord(record), 'bson-sha256/v1')).toBeUndefined();
});

test('no two vectors have the same hash, except the placements of one record', () => {
  const placements = VECTORS.filter(({ name }) => name.startsWith('place: '));
  expect(new Set(placements.map(({ hash }) => hash)).size).toBe(1);
  const others = VECTORS.filter((vector) => !placements.includes(vector));
  expect(new Set(others.map(({ hash }) => hash)).size).toBe(others.length);
});
