import { mongo } from 'mongoose';
import { awaitSnapshot } from '../../../activities/awaitSnapshot';
import { nextLate } from '../../../activities/nextLate';
import { nextWindow } from '../../../activities/nextWindow';
import { openSnapshot } from '../../../activities/openSnapshot';
import { resolveTarget } from '../../../activities/resolveTarget';
import { snapshotIdOf, workflowIdOf } from '../../../src/contract/names';
import type { AuditScheduleInput, PlannedSnapshot, SealedUntil } from '../../../src/contract/schedule';
import { runAttempt } from '../../harness/activityAttempt';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';

const START = '2026-03-01T00:00:00.000Z';
const hourly: AuditScheduleInput = { scheduleId: 'hourly', everySeconds: 3600, startAt: START };
const hour = (count: number) => new Date(Date.parse(START) + count * 3_600_000).toISOString();

const lastOf = (count: number) => new Date(Date.parse(hour(count + 1)) - 1).toISOString();

const attempt = <T>(work: () => Promise<T>): Promise<T> => runAttempt({}, work);

/** A run of the schedule with the real activities; returns what it sealed. */
async function runSchedule(
  deps: FakeDeps,
  schedule: AuditScheduleInput,
  nominalTime: string,
  hint: SealedUntil | null = null,
): Promise<{ windows: string[]; late: string[]; sealed: SealedUntil | null }> {
  const windows: string[] = [];
  const late: string[] = [];
  const { target } = await attempt(() => resolveTarget(deps, { schedule, nominalTime }));
  if (target === null) return { windows, late, sealed: null };
  const seal = async ({ jobId, window, onTamper }: PlannedSnapshot) => {
    const result = await new InProcessRun(deps).run({ jobId, ...window, onTamper });
    return `${jobId}: ${result.recordCount}`;
  };
  let sealed = hint;
  let firstSealed: string | null = null;
  for (;;) {
    const plan = await attempt(() => nextWindow(deps, { schedule, target, sealed }));
    ({ sealed } = plan);
    if (plan.next === null) break;
    firstSealed ??= plan.next.window.from;
    windows.push(await seal(plan.next));
  }
  const planned = await attempt(() => nextLate(deps, { schedule, target, firstSealed }));
  if (planned) late.push(await seal(planned));
  return { windows, late, sealed };
}

/** Opens a snapshot and leaves it open, as a lost run does. */
async function open(deps: FakeDeps, jobId: string, from: string, to: string): Promise<void> {
  const input = { jobId, window: { from, to }, onTamper: 'seal' } as const;
  const { open: workflows } = deps.workflowStatus;
  workflows.add(workflowIdOf(jobId));
  const info = { scheduledTimestampMs: 1, currentAttemptScheduledTimestampMs: deps.clock.nowMs() };
  await runAttempt(info, () => openSnapshot(deps, input));
  workflows.delete(workflowIdOf(jobId));
}

describe('a run of a schedule', () => {
  test('seals every window since the start, whenever it comes, and none twice', async () => {
    const deps = new FakeDeps();
    deps.logEntries(3, hour(0));
    deps.logEntries(2, hour(2));
    const first = await runSchedule(deps, hourly, hour(3));
    expect(first.windows).toEqual([
      'hourly-20260301t000000z: 3',
      'hourly-20260301t010000z: 0',
      'hourly-20260301t020000z: 2',
    ]);
    expect(first.sealed).toEqual({ startAt: START, until: hour(3), jobId: 'hourly-20260301t020000z' });
    await expect(runSchedule(deps, hourly, hour(3))).resolves.toEqual({ ...first, windows: [] });
    await expect(runSchedule(deps, hourly, hour(1))).resolves.toMatchObject({ windows: [] });
    const { windows } = await runSchedule(deps, hourly, hour(4), first.sealed);
    expect(windows).toEqual(['hourly-20260301t030000z: 0']);
  });

  test('seals nothing when no window has ended since the start', async () => {
    const deps = new FakeDeps();
    await expect(runSchedule(deps, hourly, hour(0))).resolves.toMatchObject({ windows: [], sealed: null });
    await expect(runSchedule(deps, hourly, '2026-03-01T00:59:59.999Z')).resolves.toMatchObject({
      windows: [],
    });
    await expect(runSchedule(deps, hourly, '2026-02-01T00:00:00.000Z')).resolves.toMatchObject({
      windows: [],
    });
  });

  test('for a time in the future is refused', async () => {
    await expect(runSchedule(new FakeDeps(), hourly, '2026-07-01T00:00:00.000Z')).rejects.toMatchObject({
      code: 'WINDOW_INVALID',
    });
  });

  test('trusts the result of the previous run only while the snapshot that it names is closed', async () => {
    const deps = new FakeDeps();
    const { sealed } = await runSchedule(deps, hourly, hour(3));
    const restored = new FakeDeps();
    const again = await runSchedule(restored, hourly, hour(4), sealed);
    expect(again.windows).toHaveLength(4);
    const wrong = { ...sealed!, until: hour(2) };
    await expect(runSchedule(deps, hourly, hour(4), wrong)).resolves.toMatchObject({
      windows: ['hourly-20260301t030000z: 0'],
    });
    const earlier = { ...hourly, startAt: '2026-02-28T23:00:00.000Z' };
    await expect(runSchedule(deps, earlier, hour(3), sealed)).resolves.toMatchObject({
      windows: ['hourly-20260228t230000z: 0'],
    });
  });

  test('continues a window that was opened before, in its own bounds', async () => {
    const deps = new FakeDeps();
    deps.logEntries(2, hour(0));
    await open(deps, 'hourly-20260301t000000z', hour(0), '2026-03-01T00:29:59.999Z');
    await expect(runSchedule(deps, hourly, hour(1))).resolves.toMatchObject({
      windows: ['hourly-20260301t000000z: 2', 'hourly-20260301t003000z: 0'],
    });
  });

  test('replaces a job whose rows the database lost before it was signed, and not one that was signed', async () => {
    const jobId = 'hourly-20260301t000000z';
    const interrupted = async (dieBefore: 'signManifest' | 'registerAsset') => {
      const deps = new FakeDeps();
      deps.logEntries(3, hour(0));
      const run = new InProcessRun(deps, { dieBefore }).run({ jobId, from: hour(0), to: lastOf(0) });
      await expect(run).rejects.toThrow(/died/);
      const { store, signer, clock, records } = deps;
      return Object.assign(new FakeDeps(), { store, signer, clock, records });
    };
    const unsigned = await interrupted('signManifest');
    await expect(
      new InProcessRun(unsigned).run({ jobId, from: hour(0), to: lastOf(0) }),
    ).rejects.toMatchObject({
      type: 'SNAPSHOT_LOST',
      message: expect.stringContaining('seal its window with a new job'),
    });
    await expect(runSchedule(unsigned, hourly, hour(1))).resolves.toMatchObject({
      windows: [`${jobId}-2: 3`],
    });
    await expect(runSchedule(await interrupted('registerAsset'), hourly, hour(1))).rejects.toMatchObject({
      type: 'SNAPSHOT_LOST',
      message: expect.stringContaining('restore --from-evidence'),
    });
  });

  test('replaces the job of a window that another job sealed after its own had released it', async () => {
    const deps = new FakeDeps();
    deps.logEntries(2, hour(0));
    const [jobId, to] = ['hourly-20260301t000000z', '2026-03-01T00:59:59.999Z'];
    await open(deps, jobId, hour(0), to);
    const lease = await deps.leases.find(snapshotIdOf(jobId));
    await deps.leases.release(snapshotIdOf(jobId), lease!.sequence);
    await new InProcessRun(deps).run({ jobId: 'by-hand', from: hour(0), to });
    deps.logEntries(1, '2026-03-01T00:30:00.000Z');
    await expect(runSchedule(deps, hourly, hour(1))).resolves.toMatchObject({
      windows: ['hourly-20260301t000000z-2: 1'],
      sealed: { jobId: 'hourly-20260301t000000z-2' },
    });
  });

  test('replaces a job that failed under another policy, but not one whose run is open', async () => {
    const deps = new FakeDeps();
    deps.logEntries(1, hour(0));
    const wrong = { hash: 'f'.repeat(64), immutable: false, timestamp: new Date(hour(0)) };
    deps.records.add({ _id: new mongo.ObjectId(), ...wrong });
    const strict = { ...hourly, onTamper: 'fail' } as const;
    await expect(runSchedule(deps, strict, hour(1))).rejects.toMatchObject({ type: 'TAMPER_FOUND' });
    await expect(runSchedule(deps, strict, hour(1))).rejects.toMatchObject({ type: 'TAMPER_FOUND' });
    deps.workflowStatus.open.add(workflowIdOf('hourly-20260301t000000z'));
    const plan = { schedule: hourly, target: hour(1), sealed: null };
    await expect(attempt(() => nextWindow(deps, plan))).resolves.toMatchObject({
      next: { onTamper: 'fail' },
    });
    deps.workflowStatus.open.clear();
    await expect(runSchedule(deps, hourly, hour(1))).resolves.toMatchObject({
      windows: ['hourly-20260301t000000z-2: 2'],
    });
  });
});

describe('records that arrive late', () => {
  test('are sealed by the next run, and by a repeated one only when there are more', async () => {
    const deps = new FakeDeps();
    deps.logEntries(2, hour(0));
    await runSchedule(deps, hourly, hour(2));
    deps.logEntries(3, '2026-03-01T00:10:00.000Z');
    await expect(runSchedule(deps, hourly, hour(2))).resolves.toMatchObject({
      windows: [],
      late: ['hourly-20260301t020000z-late-1: 3'],
    });
    await expect(runSchedule(deps, hourly, hour(2))).resolves.toMatchObject({ late: [] });
    deps.logEntries(1, '2026-03-01T00:20:00.000Z');
    await expect(runSchedule(deps, hourly, hour(2))).resolves.toMatchObject({
      late: ['hourly-20260301t020000z-late-2: 1'],
    });
  });

  test('are searched as far back as the lookback reaches, and not at all when it is 0', async () => {
    const deps = new FakeDeps();
    await runSchedule(deps, hourly, hour(30));
    deps.logEntries(1, hour(3));
    deps.logEntries(1, hour(20));
    const none = { ...hourly, lookbackSeconds: 0 };
    await expect(runSchedule(deps, none, hour(31))).resolves.toMatchObject({ late: [] });
    await expect(runSchedule(deps, hourly, hour(31))).resolves.toMatchObject({
      late: ['hourly-20260302t070000z-late-1: 1'],
    });
  });

  test('during an outage are searched from the first missed window on', async () => {
    const deps = new FakeDeps();
    const { sealed } = await runSchedule(deps, hourly, hour(24));
    deps.logEntries(1, hour(1));
    const { late } = await runSchedule(deps, hourly, hour(60), sealed);
    expect(late).toEqual(['hourly-20260303t120000z-late-1: 1']);
  });

  test('are left by a repeated run to the snapshot that was opened for them', async () => {
    const deps = new FakeDeps();
    await runSchedule(deps, hourly, hour(2));
    deps.logEntries(1, hour(0));
    const jobId = 'hourly-20260301t020000z-late-1';
    await open(deps, jobId, '2026-03-01T00:00:00.000Z', '2026-03-01T00:59:59.999Z');
    const input = { schedule: hourly, target: hour(2), firstSealed: null };
    await expect(attempt(() => nextLate(deps, input))).resolves.toEqual({
      jobId,
      window: { from: hour(0), to: '2026-03-01T00:59:59.999Z' },
      onTamper: 'seal',
    });
  });
});

describe('a snapshot that another run seals', () => {
  const jobId = 'hourly-20260301t000000z';

  test('is waited for while that run is open, and gives its result when it is closed', async () => {
    const deps = new FakeDeps();
    deps.workflowStatus.open.add(workflowIdOf(jobId));
    await expect(attempt(() => awaitSnapshot(deps, { jobId }))).rejects.toMatchObject({
      code: 'WINDOW_BUSY',
      retryable: true,
    });
    deps.workflowStatus.open.clear();
    await expect(attempt(() => awaitSnapshot(deps, { jobId }))).resolves.toBeNull();
    await runSchedule(deps, hourly, hour(1));
    await expect(attempt(() => awaitSnapshot(deps, { jobId }))).resolves.toMatchObject({ recordCount: 0 });
  });
});
