import * as fc from 'fast-check';
import { isJobId, snapshotIdOf } from '../../../src/contract/names';
import {
  isScheduleId,
  jobRange,
  lateJobId,
  parseScheduleJob,
  windowJobId,
} from '../../../src/contract/scheduleJobIds';

const letters = fc.constantFrom('a', 'b', 'w', 'z', '0', '2', '9', '-');
const scheduleIds = fc
  .array(letters, { minLength: 1, maxLength: 36 })
  .map((characters) => characters.join(''))
  .filter(isScheduleId);
const seconds = fc.integer({ min: 0, max: 4_102_444_800 });

describe('job ids of a schedule', () => {
  test('are job ids that name their window', () => {
    expect(windowJobId('nightly', Date.parse('2026-03-01T00:00:00Z'))).toBe('nightly-20260301t000000z');
    expect(windowJobId('nightly', Date.parse('2026-03-01T00:00:00Z'), 2)).toBe('nightly-20260301t000000z-2');
    expect(lateJobId('nightly', Date.parse('2026-03-01T01:02:03Z'), 1)).toBe(
      'nightly-20260301t010203z-late-1',
    );
  });

  test('are read back as the window they were made from, however long the id of the schedule is', () => {
    fc.assert(
      fc.property(scheduleIds, seconds, fc.integer({ min: 1, max: 9999 }), (id, second, number) => {
        const ms = second * 1000;
        const [window, late] = [windowJobId(id, ms, number), lateJobId(id, ms, number)];
        expect([isJobId(window), isJobId(late)]).toEqual([true, true]);
        expect(parseScheduleJob(id, window)).toEqual({ kind: 'window', fromMs: ms, generation: number });
        expect(parseScheduleJob(id, late)).toEqual({ kind: 'late', targetMs: ms, ordinal: number });
      }),
    );
  });

  test('of two schedules are never the same', () => {
    fc.assert(
      fc.property(scheduleIds, scheduleIds, seconds, (one, other, second) => {
        fc.pre(one !== other);
        const job = windowJobId(one, second * 1000);
        expect(parseScheduleJob(other, job)).toBeUndefined();
      }),
    );
  });

  test('sort by time, so that a range of snapshot ids is a range of log time', () => {
    fc.assert(
      fc.property(seconds, seconds, seconds, (begin, end, second) => {
        const { from, until } = jobRange('a', begin * 1000, end * 1000);
        for (const job of [windowJobId('a', second * 1000), lateJobId('a', second * 1000, 3)]) {
          const within = snapshotIdOf(from) <= snapshotIdOf(job) && snapshotIdOf(job) < snapshotIdOf(until);
          expect(within).toBe(begin <= second && second < end);
        }
      }),
    );
  });

  test.each([
    'nightly',
    'nightly-',
    'nightly-20260301t000000',
    'nightly-20260231t000000z',
    'nightly-20260301t000000z-',
    'nightly-20260301t000000z-0',
    'nightly-20260301t000000z-late',
    'nightly-20260301t000000z-late-0',
    'nightly-20260301t000000z-1-2',
    'other-20260301t000000z',
  ])('%s is not a job id of the schedule nightly', (jobId) => {
    expect(parseScheduleJob('nightly', jobId)).toBeUndefined();
  });

  test.each(['', '-a', 'A', 'a/b', 'a'.repeat(37)])('%j is not an id of a schedule', (id) => {
    expect(isScheduleId(id)).toBe(false);
  });
});
