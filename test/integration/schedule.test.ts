import type { Client, WorkflowHandle } from '@temporalio/client';
import type { Connection } from 'mongoose';
import { setTimeout as pause } from 'node:timers/promises';
import { connectDatabase } from '../../src/mongo/connection';
import { connectTemporal } from '../../src/temporal/connection';
import { boundariesOf } from '../../src/schedule/boundaries';
import { DEFAULT_POLICY } from '../../src/schedule/scheduleSettings';
import { readTemporalConfig } from '../../src/config';
import { snapshotIdOf } from '../../src/contract/names';
import type { AuditScheduleInput, AuditScheduleResult, ScheduleProgress } from '../../src/contract/schedule';
import { AuditSchedules } from '../../src/temporal/schedules';
import { AuditService } from '../../src/services/audit.service';
import { MongoWindowLeaseStore } from '../../src/mongo/windowLeaseStore';
import { createLockedBucket } from '../../dev/stack/lockedBucket';
import { backfillRun, scheduledRun, startedRun } from '../harness/scheduleRuns';
import { Services } from '../harness/services';
import { SealedLog } from '../harness/sealedLog';

const HOUR_MS = 3_600_000;

/** Waits until a run seals a window; resolves to its progress. */
async function waitUntilSealing(handle: WorkflowHandle): Promise<ScheduleProgress> {
  for (;;) {
    const progress = await handle.query<ScheduleProgress>('progress');
    if (progress.current) return progress;
    await pause(100);
  }
}

/** After how many seconds Temporal notices that the worker of an activity is lost, by the history of a run; 0: never. */
async function heartbeatSecondsOf(handle: WorkflowHandle): Promise<Record<string, number>> {
  const { events } = await handle.fetchHistory();
  return Object.fromEntries(
    (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled
        ? [[scheduled.activityType?.name ?? '', Number(scheduled.heartbeatTimeout?.seconds ?? 0)]]
        : [],
    ),
  );
}

const entry = (index: number, timestamp: Date) => ({
  resourceType: 'invoice',
  resourceId: `invoice-${index}`,
  action: 'invoice.updated',
  actorId: 'amélie',
  details: { index },
  timestamp,
});

describe('schedules on the real server', () => {
  const services = new Services();
  const temporal = readTemporalConfig({ ...process.env, ...services.env });
  let connection: Connection;
  let client: Client;
  let closeTemporal: () => Promise<void>;
  let schedules: AuditSchedules;
  let log: AuditService;

  beforeAll(async () => {
    connection = await connectDatabase(services.env['MONGODB_URI']!);
    log = new AuditService(connection);
    const connected = await connectTemporal(temporal);
    ({ client } = connected);
    closeTemporal = () => connected.connection.close();
    schedules = new AuditSchedules(client, temporal.taskQueue);
    await createLockedBucket(process.env, services.env['S3_BUCKET']!);
    await services.startWorker();
  }, 120_000);

  afterAll(async () => {
    await services.stop();
    await closeTemporal();
    await connection.close();
  });

  /** A paused schedule: its runs are started by backfill, which sets their nominal time. */
  async function create(input: AuditScheduleInput): Promise<void> {
    const settings = { ...DEFAULT_POLICY, input: { settleSeconds: 0, ...input } };
    await schedules.create(settings, { paused: true, sameStart: true });
  }

  const runOf = (scheduleId: string, nominalTime: string) => scheduledRun(client, scheduleId, nominalTime);
  const started = (scheduleId: string, nominalTime: string) => startedRun(client, scheduleId, nominalTime);
  const backfill = (scheduleId: string, nominalTime: string) =>
    backfillRun(client, schedules, scheduleId, nominalTime);

  /** One record every ten minutes of `[from, until)`, the first and the last millisecond of each hour included. */
  async function write(from: string, until: string): Promise<number> {
    const instants: number[] = [];
    for (let ms = Date.parse(from); ms < Date.parse(until); ms += HOUR_MS / 6) {
      instants.push(ms);
      if ((ms + HOUR_MS / 6) % HOUR_MS === 0) instants.push(ms + HOUR_MS / 6 - 1);
    }
    return log.logAuditEntries(instants.map((ms, index) => entry(index, new Date(ms))));
  }

  const sealedLog = (scheduleId: string) =>
    SealedLog.read(services.env, (snapshotId) => snapshotId.startsWith(`snap-${scheduleId}-`));

  test('the run after an outage of three intervals seals the missed windows one by one', async () => {
    const start = '2026-02-02T00:00:00.000Z';
    await create({ scheduleId: 'outage', everySeconds: 3600, startAt: start });
    const count = await write(start, '2026-02-02T05:00:00.000Z');
    const first = await backfill('outage', '2026-02-02T01:00:00.000Z');
    expect(first).toMatchObject({ windowCount: 1, sealed: { until: '2026-02-02T01:00:00.000Z' } });
    const next = await backfill('outage', '2026-02-02T05:00:00.000Z');
    expect(next).toMatchObject({ windowCount: 4, lateCount: 0, recordCount: count - 7 });
    expect(next.windows.map(({ window }) => window.from.slice(11, 13))).toEqual(['01', '02', '03', '04']);

    const sealed = await sealedLog('outage');
    expect(sealed.windows().map(([, to]) => to.slice(11))).toEqual(
      ['00', '01', '02', '03', '04'].map((hour) => `${hour}:59:59.999Z`),
    );
    expect(sealed.gaps(start, '2026-02-02T05:00:00.000Z')).toEqual([]);
    expect([sealed.holders.size, sealed.twice()]).toEqual([count, []]);
    const rows = await connection.collection('jobs').find({ type: 'audit.snapshot' }).toArray();
    expect(rows.map(({ status }) => String(status))).toEqual(Array(5).fill('succeeded'));
    expect(await heartbeatSecondsOf(runOf('outage', '2026-02-02T05:00:00.000Z'))).toEqual({
      resolveTarget: 10,
      nextWindow: 10,
      nextLate: 10,
    });
  }, 60_000);

  test('a backfill of sealed windows seals late records, and one of unsealed windows seals the windows', async () => {
    const [start, end] = ['2026-02-03T02:00:00.000Z', '2026-02-03T04:00:00.000Z'];
    const input = { scheduleId: 'again', everySeconds: 3600, startAt: start };
    await create(input);
    await write('2026-02-03T00:00:00.000Z', end);
    await backfill('again', end);
    const before = await sealedLog('again');
    await expect(backfill('again', '2026-02-03T03:00:00.000Z')).resolves.toMatchObject({
      windowCount: 0,
      lateCount: 0,
    });
    expect((await sealedLog('again')).entries).toEqual(before.entries);

    await log.logAuditEntries([entry(1, new Date('2026-02-03T02:30:00.001Z'))]);
    const late = await backfill('again', '2026-02-03T03:00:00.000Z');
    expect(late).toMatchObject({ windowCount: 0, lateCount: 1, late: [{ recordCount: 1 }] });

    // Windows before the start are sealed once the start is moved.
    await schedules.update('again', (known) => ({
      ...known,
      input: { ...known.input, startAt: '2026-02-03T00:00:00.000Z' },
    }));
    await expect(backfill('again', '2026-02-03T02:00:00.000Z')).resolves.toMatchObject({ windowCount: 2 });

    const sealed = await sealedLog('again');
    expect(sealed.gaps('2026-02-03T00:00:00.000Z', end)).toEqual([]);
    expect(sealed.windows()).toHaveLength(4);
    expect([sealed.holders.size, sealed.twice()]).toEqual([4 * 7 + 1, []]);
    const lateId = snapshotIdOf(late.late[0]!.jobId);
    expect(sealed.manifests.get(lateId)?.late).toEqual({
      recordCount: 1,
      snapshots: [expect.stringMatching(/^snap-again-20260203t020000z$/)],
    });
  }, 60_000);

  test('runs that overlap a slow run, by trigger and by backfill, seal every window once', async () => {
    const start = '2026-02-05T00:00:00.000Z';
    const everySeconds = 40 * 86_400;
    await create({ scheduleId: 'slow', everySeconds, startAt: start, lookbackSeconds: 0 });
    const { upTo, after } = boundariesOf({ everySeconds });
    const count = await write('2026-02-05T00:00:00.000Z', '2026-02-05T03:00:00.000Z');
    const nominal = [after(after(Date.parse(start))), upTo(Date.now())].map((ms) =>
      new Date(ms).toISOString(),
    );
    // Another snapshot holds a part of the first window while the first run is open, so that its snapshot waits.
    const leases = new MongoWindowLeaseStore(connection, services.env['AUDIT_ORIGIN']!);
    const window = { from: '2026-02-06T00:00:00.000Z', to: '2026-02-06T00:00:00.000Z' };
    const [first = '', second = ''] = nominal;
    const { workflowId } = runOf('slow', first);
    const asOf = await leases.sequence();
    await leases.acquire({ snapshotId: 'snap-blocker', window, workflowId, asOf });
    await schedules.backfill('slow', new Date(first), new Date(first), 'allow-all');
    const slow = await started('slow', first);
    await waitUntilSealing(slow);
    await schedules.backfill('slow', new Date(second), new Date(second), 'allow-all');
    const overlapping = await started('slow', second);
    await schedules.trigger('slow', 'allow-all');
    await expect(waitUntilSealing(overlapping)).resolves.toMatchObject({ sealedUntil: null, windowCount: 0 });
    const holder = (await leases.find('snap-blocker'))!;
    await leases.release('snap-blocker', holder.sequence);

    const results = (await Promise.all([slow.result(), overlapping.result()])) as AuditScheduleResult[];
    for (;;) {
      const { description } = await schedules.find('slow');
      if (description.info.recentActions.length === 3 && description.info.runningActions.length === 0) break;
      await pause(200);
    }
    expect(results.map(({ sealed }) => sealed?.until)).toEqual([first, second]);
    const sealed = await sealedLog('slow');
    const windows = sealed.windows();
    expect(windows[0]).toEqual([start, new Date(after(Date.parse(start)) - 1).toISOString()]);
    expect(windows.at(-1)?.[1]).toBe(new Date(Date.parse(second) - 1).toISOString());
    expect(windows.slice(1).map(([from]) => Date.parse(from))).toEqual(
      windows.slice(0, -1).map(([, to]) => Date.parse(to) + 1),
    );
    expect(sealed.gaps(start, second)).toEqual([]);
    expect(sealed.twice()).toEqual([]);
    expect(sealed.holders.size).toBeGreaterThanOrEqual(count);
  }, 90_000);

  test.each([
    ['Europe/Berlin', '2026-03-27T23:00:00.000Z', '2026-03-30T22:00:00.000Z', [24, 23, 24]],
    ['America/New_York', '2026-10-31T04:00:00.000Z', '2026-11-03T05:00:00.000Z', [24, 25, 24]],
  ])(
    'daily windows of %s from %s to %s last %j hours and leave no gap',
    async (timezone, start, end, hours) => {
      const scheduleId = timezone.toLowerCase().replace(/[^a-z]/g, '-');
      await create({ scheduleId, cron: '0 0 * * *', timezone, startAt: start, lookbackSeconds: 0 });
      await expect(backfill(scheduleId, end)).resolves.toMatchObject({
        windowCount: 3,
        sealed: { until: end },
      });
      const sealed = await sealedLog(scheduleId);
      const lengths = sealed.windows().map(([from, to]) => (Date.parse(to) + 1 - Date.parse(from)) / HOUR_MS);
      expect(lengths).toEqual(hours);
      expect(sealed.gaps(start, end)).toEqual([]);
      expect(sealed.twice()).toEqual([]);
    },
    60_000,
  );

  test('every start time of the server is a boundary, and only repeated hours in autumn have further boundaries', async () => {
    const [from, until] = ['2028-01-01T00:00:00.000Z', '2029-01-01T00:00:00.000Z'];
    for (const [index, { cron, timezone, repeated }] of [
      // In zones east of Greenwich the server skips the first of two equal local times in autumn.
      { cron: '30 2 * * *', timezone: 'Europe/Berlin', repeated: ['2028-10-29T00:30:00.000Z'] },
      { cron: '30 1 * * *', timezone: 'America/New_York', repeated: [] },
      { cron: '15 */8 1-7 * mon', timezone: 'Australia/Lord_Howe', repeated: [] },
      { cron: '0 0 * feb,OCT sun-2', timezone: 'America/Sao_Paulo', repeated: [] },
      { cron: '59 23 29 2 *', timezone: 'UTC', repeated: [] },
    ].entries()) {
      const scheduleId = `times-${index}`;
      await create({ scheduleId, cron, timezone, startAt: '2026-01-01T00:00:00.000Z' });
      const { startTime } = await client.workflowService.listScheduleMatchingTimes({
        namespace: temporal.namespace,
        scheduleId,
        startTime: { seconds: Date.parse(from) / 1000 },
        endTime: { seconds: Date.parse(until) / 1000 },
      } as never);
      const times = new Set((startTime ?? []).map(({ seconds }) => Number(seconds) * 1000));
      const { after } = boundariesOf({ cron, timezone });
      const bounds = new Set<number>();
      for (let ms = after(Date.parse(from)); ms < Date.parse(until); ms = after(ms)) bounds.add(ms);
      expect(times.size).toBeGreaterThan(0);
      expect([...times].filter((ms) => !bounds.has(ms))).toEqual([]);
      const others = [...bounds].filter((ms) => !times.has(ms)).map((ms) => new Date(ms).toISOString());
      expect([cron, repeated]).toEqual([cron, expect.arrayContaining(others)]);
    }
  }, 30_000);
});
