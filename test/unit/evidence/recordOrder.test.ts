import { BSON } from 'bson';
import { readRecord } from '../../../src/evidence/recordBytes';
import { comparePositions, listedPosition, positionOf } from '../../../src/evidence/recordOrder';
import { MALFORMED } from '../../harness/refusals';

const HOUR_MS = 3_600_000;
const DAY = {
  fromMs: Date.parse('2026-03-01T00:00:00.000Z'),
  untilMs: Date.parse('2026-03-02T00:00:00.000Z'),
};
const at = (hour: number) => new Date(DAY.fromMs + hour * HOUR_MS);

/** A record whose member `timestamp` has these values, one after the other. */
function record(...times: readonly unknown[]): Buffer {
  const elements = times.map((timestamp) => BSON.serialize({ timestamp }).subarray(4, -1));
  const bytes = Buffer.concat([BSON.serialize({ _id: 1 }).subarray(0, -1), ...elements, Buffer.of(0)]);
  bytes.writeInt32LE(bytes.length);
  return bytes;
}

const timeOf = (...times: readonly unknown[]) => positionOf(readRecord(record(...times)), DAY)?.timestamp;

test('the time of a record is its first member of that name, if this is a date in the window', () => {
  expect(timeOf(at(5))).toBe('2026-03-01T05:00:00.000Z');
  expect(timeOf(at(5), at(3))).toBe('2026-03-01T05:00:00.000Z');
  expect(timeOf(at(0))).toBe('2026-03-01T00:00:00.000Z');
  expect(timeOf(new Date(DAY.untilMs - 1))).toBe('2026-03-01T23:59:59.999Z');
});

test('a record without a date in the window as its first time has no position', () => {
  expect(timeOf()).toBeUndefined();
  expect(timeOf([at(5)])).toBeUndefined();
  expect(timeOf('2026-03-01T05:00:00.000Z', at(5))).toBeUndefined();
  expect(timeOf(at(-1), at(5))).toBeUndefined();
  expect(timeOf(new Date(DAY.fromMs - 1))).toBeUndefined();
  expect(timeOf(new Date(DAY.untilMs))).toBeUndefined();
});

test('another name of the time is read where it is given', () => {
  const members = { time: 'when', hash: 'hash', immutable: 'immutable', snapshotId: 'snapshotId' };
  const bytes = BSON.serialize({ _id: 1, timestamp: at(1), when: at(2) });
  expect(positionOf(readRecord(bytes, members), DAY)?.timestamp).toBe('2026-03-01T02:00:00.000Z');
});

const position = (hour: number, id: string) => ({ timestamp: at(hour).toISOString(), id });

test('positions are ordered by time, then by id as MongoDB sorts ids', () => {
  const ids = [
    'bson:0a:',
    'bson:10:05000000',
    'bson:10:00010000',
    'bson:12:ff01000000000000',
    'bson:12:0002000000000000',
    'bson:02:020000006100',
    'a'.repeat(24),
    'b'.repeat(24),
    'bson:09:ff00000000000000',
    'bson:09:0001000000000000',
  ];
  const ascending = [...ids.map((id) => position(1, id)), position(2, ids[0]!)];
  for (const [index, left] of ascending.entries())
    for (const [other, right] of ascending.entries())
      expect(Math.sign(comparePositions(left, right))).toBe(Math.sign(index - other));
});

test('a record without an id cannot be ordered, and a long id is listed as a digest', () => {
  const timestamp = at(1).toISOString();
  expect(() => comparePositions({ timestamp, id: '' }, { timestamp, id: 'a'.repeat(24) })).toThrow(MALFORMED);
  expect(listedPosition({ timestamp, id: `bson:02:${'61'.repeat(200)}` }).id).toMatch(/^sha256:/);
});
