import * as fc from 'fast-check';
import { checkSchedule } from '../../../src/schedule/checkSchedule';
import type { Cadence } from '../../../src/contract/schedule';
import type { SnapshotSummary as SummaryRow } from '../../../src/ports/snapshotRepository';
import { lateWindow, nextGeneration, newestLate, planWindow } from '../../../src/schedule/windowPlanning';

type SnapshotSummary = Pick<SummaryRow, 'jobId' | 'window' | 'closed'>;

const HOUR_MS = 3_600_000;
const START = '2026-03-28T00:00:00.000Z';
const START_MS = Date.parse(START);

const scheduleOf = (cadence: Cadence, startAt = START) =>
  checkSchedule({ scheduleId: 'nightly', startAt, ...cadence });
const hourly = scheduleOf({ everySeconds: 3600 });

interface Snapshot {
  readonly jobId: string;
  readonly window: { readonly from: string; readonly to: string };
  closed: boolean;
}

/** A run without its servers: seals the planned windows until none is left, or until the job that fails. */
function run(
  snapshots: Snapshot[],
  schedule: ReturnType<typeof checkSchedule>,
  nominalMs: number,
  failsAt = Number.POSITIVE_INFINITY,
): void {
  const targetMs = schedule.boundaries.upTo(nominalMs);
  for (let step = 0; ; step++) {
    expect(step).toBeLessThan(3_000);
    const plan = planWindow(schedule, { beginMs: schedule.startMs, targetMs }, snapshots);
    if (plan.next === null) return;
    expect(plan.left).toBeGreaterThan(0);
    const { jobId, window, opened } = plan.next;
    const known = snapshots.find((other) => other.jobId === jobId);
    expect(known !== undefined).toBe(opened);
    const snapshot = known ?? { jobId, window, closed: false };
    if (!known) snapshots.push(snapshot);
    if (step === failsAt) return;
    snapshot.closed = true;
  }
}

/** Closed windows in order, as `[from, until)`. */
const spansOf = (snapshots: readonly SnapshotSummary[]) =>
  snapshots
    .filter(({ closed }) => closed)
    .map(({ window }) => [Date.parse(window.from), Date.parse(window.to) + 1] as const)
    .toSorted(([left], [right]) => left - right);

/** Each window begins where the previous one ends. */
function expectTiles(snapshots: readonly SnapshotSummary[], fromMs: number, untilMs: number): void {
  const spans = spansOf(snapshots);
  expect(spans.map(([from]) => from)).toEqual([fromMs, ...spans.map(([, until]) => until)].slice(0, -1));
  expect(spans.at(-1)?.[1] ?? fromMs).toBe(untilMs);
  expect(new Set(snapshots.map(({ jobId }) => jobId)).size).toBe(snapshots.length);
}

const cadences: fc.Arbitrary<Cadence> = fc.constantFrom<Cadence[]>(
  { everySeconds: 3600 },
  { everySeconds: 5400, offsetSeconds: 600 },
  { everySeconds: 86_400 },
  { cron: '0 0 * * *', timezone: 'Europe/Berlin' },
  { cron: '0 0 * * *', timezone: 'America/New_York' },
  { cron: '30 2 * * *', timezone: 'Europe/Berlin' },
  { cron: '0 8-17/3 * * mon-fri', timezone: 'Europe/Berlin' },
);
const nominalTimes = fc.array(fc.integer({ min: START_MS - 48 * HOUR_MS, max: START_MS + 96 * HOUR_MS }), {
  minLength: 1,
  maxLength: 12,
});

/** Zones are resolved once for all runs of a property. */
const schedules = new Map<Cadence, ReturnType<typeof checkSchedule>>();
function cached(cadence: Cadence): ReturnType<typeof checkSchedule> {
  const schedule = schedules.get(cadence) ?? scheduleOf(cadence);
  schedules.set(cadence, schedule);
  return schedule;
}

describe('windows of a schedule', () => {
  test('leave no gap and no overlap for any runs: repeated, out of order, missing, failing, with other boundaries', () => {
    const runs = fc.array(
      fc.record({
        nominalMs: nominalTimes.map(([ms]) => ms!),
        cadence: cadences,
        failsAt: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
      }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(runs, (list) => {
        const snapshots: Snapshot[] = [];
        let reachedMs = START_MS;
        for (const { nominalMs, cadence, failsAt } of list) {
          const schedule = cached(cadence);
          run(snapshots, schedule, nominalMs, failsAt);
          if (failsAt === undefined) reachedMs = Math.max(reachedMs, schedule.boundaries.upTo(nominalMs));
        }
        const spans = spansOf(snapshots);
        expectTiles(
          snapshots.filter(({ closed }) => closed),
          START_MS,
          spans.at(-1)?.[1] ?? START_MS,
        );
        expect(spans.at(-1)?.[1] ?? START_MS).toBeGreaterThanOrEqual(reachedMs);
      }),
      { numRuns: 100 },
    );
  });

  test('are the same set, whatever order the runs come in', () => {
    fc.assert(
      fc.property(cadences, nominalTimes, (cadence, times) => {
        const schedule = cached(cadence);
        const sets = [times, times.toReversed(), times.toSorted((left, right) => left - right)].map(
          (order) => {
            const snapshots: Snapshot[] = [];
            for (const nominalMs of order) run(snapshots, schedule, nominalMs);
            return spansOf(snapshots);
          },
        );
        expect(sets[1]).toEqual(sets[0]);
        expect(sets[2]).toEqual(sets[0]);
      }),
      { numRuns: 25 },
    );
  });

  test('after an outage of a day are its 24 hours, one by one', () => {
    const snapshots: Snapshot[] = [];
    run(snapshots, hourly, START_MS + 24 * HOUR_MS);
    expect(snapshots).toHaveLength(24);
    expect(snapshots[5]).toEqual({
      jobId: 'nightly-20260328t050000z',
      window: { from: '2026-03-28T05:00:00.000Z', to: '2026-03-28T05:59:59.999Z' },
      closed: true,
    });
    expectTiles(snapshots, START_MS, START_MS + 24 * HOUR_MS);
  });

  test('before the former start are filled in when the start is moved back, up to the first sealed one', () => {
    const snapshots: Snapshot[] = [];
    const odd = scheduleOf({ everySeconds: 3600 }, '2026-03-28T00:20:00.000Z');
    run(snapshots, odd, START_MS + 3 * HOUR_MS);
    const earlier = scheduleOf({ everySeconds: 3600 }, '2026-03-27T22:30:00.000Z');
    run(snapshots, earlier, START_MS + 3 * HOUR_MS);
    const before = snapshots
      .slice(3)
      .map(({ window }) => [window.from.slice(11, 16), window.to.slice(11, 19)]);
    expect(before).toEqual([
      ['22:30', '22:59:59'],
      ['23:00', '23:59:59'],
      ['00:00', '00:19:59'],
    ]);
    expectTiles(snapshots, Date.parse('2026-03-27T22:30:00.000Z'), START_MS + 3 * HOUR_MS);
  });

  test('that are open are finished before a new one is planned', () => {
    const snapshots: Snapshot[] = [];
    run(snapshots, hourly, START_MS + 5 * HOUR_MS, 2);
    const range = { beginMs: START_MS, targetMs: START_MS + 5 * HOUR_MS };
    expect(planWindow(hourly, range, snapshots)).toEqual({
      sealedUntilMs: START_MS + 2 * HOUR_MS,
      sealedBy: 'nightly-20260328t010000z',
      next: {
        jobId: 'nightly-20260328t020000z',
        window: { from: '2026-03-28T02:00:00.000Z', to: '2026-03-28T02:59:59.999Z' },
        opened: true,
      },
      left: 3,
    });
  });

  test('count as sealed when any generation is closed', () => {
    const window = { from: START, to: '2026-03-28T00:59:59.999Z' };
    const range = { beginMs: START_MS, targetMs: START_MS + HOUR_MS };
    const given = [
      { jobId: 'nightly-20260328t000000z', window, closed: false },
      { jobId: 'nightly-20260328t000000z-2', window, closed: true },
      { jobId: 'nightly-20260328t000000z-3', window, closed: false },
    ];
    expect(planWindow(hourly, range, given)).toMatchObject({
      next: null,
      sealedBy: 'nightly-20260328t000000z-2',
    });
    const open = given.map((snapshot) => ({ ...snapshot, closed: false }));
    expect(planWindow(hourly, range, open).next).toMatchObject({ jobId: 'nightly-20260328t000000z-3' });
  });

  test('do not count as sealed by a job of that name that sealed another window', () => {
    const window = { from: '2026-01-01T00:00:00.000Z', to: '2026-01-01T23:59:59.999Z' };
    const given = [{ jobId: 'nightly-20260328t000000z', window, closed: true }];
    const range = { beginMs: START_MS, targetMs: START_MS + HOUR_MS };
    expect(planWindow(hourly, range, given).next).toMatchObject({
      jobId: 'nightly-20260328t000000z-2',
      window: { from: START, to: '2026-03-28T00:59:59.999Z' },
      opened: false,
    });
  });
});

describe('late records', () => {
  test('are searched in the newest window and the lookback before it, never before the start', () => {
    const schedule = scheduleOf({ everySeconds: 86_400, lookbackSeconds: 7200 } as Cadence);
    const targetMs = START_MS + 72 * HOUR_MS;
    expect(lateWindow(schedule, targetMs, undefined)).toEqual({
      from: '2026-03-29T22:00:00.000Z',
      to: '2026-03-30T23:59:59.999Z',
    });
    expect(lateWindow(schedule, targetMs, START_MS + 24 * HOUR_MS).from).toBe('2026-03-28T22:00:00.000Z');
    expect(lateWindow(schedule, targetMs, START_MS).from).toBe(START);
  });

  test('have snapshots of their own, counted for each target', () => {
    const jobs = [
      'nightly-20260329t000000z',
      'nightly-20260329t000000z-late-2',
      'nightly-20260329t000000z-late-10',
    ];
    const window = { from: START, to: START };
    const given = jobs.map((jobId) => ({ jobId, window, closed: true }));
    expect(newestLate('nightly', START_MS + 24 * HOUR_MS, given)?.jobId).toBe(jobs[2]);
    expect(newestLate('nightly', START_MS, given)).toBeUndefined();
    expect(nextGeneration('nightly', jobs[2]!)).toBe('nightly-20260329t000000z-late-11');
    expect(nextGeneration('nightly', jobs[0]!)).toBe('nightly-20260329t000000z-2');
  });
});
