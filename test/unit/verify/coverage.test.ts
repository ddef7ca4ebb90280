import { coverageOf, sealedPercent, verdictOfSpans } from '../../../src/verify/coverage';
import type { LedgerEntry } from '../../../src/evidence/ledgerEntry';

const at = (hour: number, ms = 0) =>
  new Date(Date.parse('2026-03-01T00:00:00.000Z') + hour * 3_600_000 + ms).toISOString();

function entry(name: string, fromHour: number, untilHour: number, recordCount = 1): LedgerEntry {
  return {
    type: 'snapshot',
    snapshotId: `snap-${name}`,
    window: { from: at(fromHour), to: at(untilHour, -1) },
    recordCount,
    root: '',
    manifestSha256: '',
  };
}

const shape = (...args: Parameters<typeof coverageOf>) =>
  coverageOf(...args).map(({ from, to, state, snapshots }) => [from, to, state, snapshots.join(' ')]);

test('contiguous windows leave no gap, and a window without records is empty', () => {
  expect(shape([entry('a', 0, 1), entry('b', 1, 2, 0), entry('c', 2, 3)])).toEqual([
    [at(0), at(1, -1), 'sealed', 'snap-a'],
    [at(1), at(2, -1), 'empty', 'snap-b'],
    [at(2), at(3, -1), 'sealed', 'snap-c'],
  ]);
});

test('log time between windows, and around them within the range that was asked for, is missing', () => {
  expect(shape([entry('b', 3, 4), entry('a', 1, 2)], { from: at(0), to: at(6, -1) })).toEqual([
    [at(0), at(1, -1), 'missing', ''],
    [at(1), at(2, -1), 'sealed', 'snap-a'],
    [at(2), at(3, -1), 'missing', ''],
    [at(3), at(4, -1), 'sealed', 'snap-b'],
    [at(4), at(6, -1), 'missing', ''],
  ]);
});

test('log time of one millisecond between two windows is missing', () => {
  const almost = { ...entry('a', 0, 1), window: { from: at(0), to: at(1, -2) } };
  expect(shape([almost, entry('b', 1, 2)])[1]).toEqual([at(1, -1), at(1, -1), 'missing', '']);
});

test('windows that overlap are listed in the order of the ledger, and sealed if one of them has records', () => {
  expect(shape([entry('late', 0, 2, 0), entry('a', 1, 3)])).toEqual([
    [at(0), at(1, -1), 'empty', 'snap-late'],
    [at(1), at(2, -1), 'sealed', 'snap-late snap-a'],
    [at(2), at(3, -1), 'sealed', 'snap-a'],
  ]);
});

test('a window that was sealed twice is one span', () => {
  expect(shape([entry('a', 0, 1), entry('b', 0, 1)])).toEqual([
    [at(0), at(1, -1), 'sealed', 'snap-a snap-b'],
  ]);
});

test('without entries there are no spans, or one missing span over the range that was asked for', () => {
  expect(shape([])).toEqual([]);
  expect(shape([], { from: at(0), to: at(1) })).toEqual([[at(0), at(1), 'missing', '']]);
});

test('spans are VERIFIED only when there are some and none is missing, and the sealed share is never rounded up', () => {
  const within = { from: at(0), to: at(1000, -1) };
  const almost = coverageOf([{ ...entry('a', 0, 1000), window: { from: at(0), to: at(1000, -2) } }], within);
  expect([verdictOfSpans(almost), sealedPercent(almost)]).toEqual(['INCOMPLETE', 99.9]);
  const whole = coverageOf([entry('a', 0, 500), entry('b', 500, 1000, 0)], within);
  expect([verdictOfSpans(whole), sealedPercent(whole)]).toEqual(['VERIFIED', 100]);
  expect([verdictOfSpans([]), sealedPercent([])]).toEqual(['INCOMPLETE', 0]);
});
