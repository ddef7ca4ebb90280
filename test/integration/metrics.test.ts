import type { Client, Connection } from '@temporalio/client';
import { readTemporalConfig } from '../../src/config';
import { STAGE_OF } from '../../activities/createActivities';
import { connectDatabase } from '../../src/mongo/connection';
import { DEFAULT_POLICY } from '../../src/schedule/scheduleSettings';
import { connectTemporal } from '../../src/temporal/connection';
import { AuditSchedules } from '../../src/temporal/schedules';
import { eventually as poll } from '../harness/eventually';
import { metricsUrl } from '../harness/metricsUrl';
import { SEALING_ACTIVITIES } from '../harness/sealingActivities';
import { Services } from '../harness/services';
import { METRICS } from '../unit/deploy/metrics';

const RECORDS = 200;
const DAY_MS = 86_400_000;
/** The day before yesterday, so that a daily schedule that starts with it has two windows. */
const FROM_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS - 2 * DAY_MS;
const WINDOW = { from: new Date(FROM_MS).toISOString(), to: new Date(FROM_MS + DAY_MS - 1).toISOString() };

/** Values of the samples of our metrics by `name{labels}`, without the prefix. */
async function samplesOf(url: string): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Object.fromEntries(
    [...text.matchAll(/^audit_snapshot_(\S+) (\S+)$/gm)].map(([, name, value]) => [name!, Number(value)]),
  );
}

/** Repeats expectations until they hold, and shows the last failure otherwise. */
async function eventually(expectations: () => Promise<void>): Promise<void> {
  let failure: unknown;
  const holds = async () => {
    try {
      await expectations();
      return true;
    } catch (error) {
      failure = error;
      return false;
    }
  };
  await poll('the metrics', holds, 60_000).catch((error: unknown) => {
    throw failure ?? error;
  });
}

describe('the metrics of a worker and a job service on real servers', () => {
  const services = new Services({
    WORKER_HTTP_PORT: '0',
    WORKER_PROBE_SECONDS: '1',
    JOB_SERVICE_METRICS_PORT: '0',
  });
  const scheduleId = `metrics-${Date.now()}`;
  let temporal: Connection;
  let client: Client;
  let schedules: AuditSchedules;
  let worker = '';
  let service = '';

  beforeAll(async () => {
    const env = { ...process.env, ...services.env };
    ({ connection: temporal, client } = await connectTemporal(readTemporalConfig(env)));
    schedules = new AuditSchedules(client, services.env['TEMPORAL_TASK_QUEUE'], services.env['AUDIT_ORIGIN']);
    await services.startSupervised();
    worker = metricsUrl(services.workerLog);
    service = metricsUrl(services.serviceLog);
    await services.log(RECORDS, WINDOW);
    const input = {
      scheduleId,
      everySeconds: 86_400,
      startAt: new Date(FROM_MS).toISOString().replace('.000', ''),
      settleSeconds: 0,
    };
    await schedules.create({ input, ...DEFAULT_POLICY }, { paused: true, sameStart: true });
  }, 300_000);

  afterAll(async () => {
    await schedules.delete(scheduleId).catch(() => undefined);
    await services.stop();
    await temporal.close();
  });

  test('the worker is ready once its processes poll and every server answers', async () => {
    await eventually(async () => {
      const response = await fetch(`${worker}/readyz`);
      expect(await response.json()).toMatchObject({
        status: 'ok',
        polling: 2,
        workers: { running: 2, dead: 0 },
        servers: ['mongodb', 'temporal', 'vault', 'storage'].map((name) => ({ name, status: 'ok' })),
      });
      expect(response.status).toBe(200);
    });
    expect((await fetch(`${worker}/livez`)).status).toBe(200);
  }, 60_000);

  test('before the first run, a paused schedule counts as sealed up to its start, with all records waiting', async () => {
    await eventually(async () =>
      expect(await samplesOf(worker)).toMatchObject({
        [`schedule_paused{schedule="${scheduleId}"}`]: 1,
        [`schedule_interval_seconds{schedule="${scheduleId}"}`]: 86_400,
        [`sealed_until_timestamp_seconds{schedule="${scheduleId}"}`]: FROM_MS / 1000,
        [`unsealed_records{schedule="${scheduleId}"}`]: RECORDS,
        ledger_size: 0,
      }),
    );
  }, 60_000);

  test('a run of the schedule shows in every metric of sealing and of the evidence', async () => {
    await schedules.trigger(scheduleId, 'skip');
    const retentionSeconds = 2190 * 86_400;
    await eventually(async () => {
      const samples = await samplesOf(worker);
      expect(samples).toMatchObject({
        [`sealed_until_timestamp_seconds{schedule="${scheduleId}"}`]: FROM_MS / 1000 + 2 * 86_400,
        // The audit entry of the snapshot itself is not sealed yet.
        [`unsealed_records{schedule="${scheduleId}"}`]: 1,
        records_sealed_total: RECORDS,
        late_records_total: 0,
        ledger_size: 2,
        ledger_consistent: 1,
        'workers{state="running"}': 2,
        [`pollers{queue="${services.env['TEMPORAL_TASK_QUEUE']}"}`]: 2,
        'ineligible_records{kind="time-missing"}': 0,
      });
      expect(samples['bytes_sealed_total']).toBeGreaterThan(1000);
      expect(samples['retention_remaining_seconds{scope="oldest_snapshot"}']).toBeCloseTo(
        retentionSeconds,
        -4,
      );
      expect(samples['retention_remaining_seconds{scope="ledger"}']).toBeGreaterThan(retentionSeconds - 3600);
      expect(samples['signing_key_age_seconds']).toBeGreaterThan(0);
      for (const activity of SEALING_ACTIVITIES)
        expect(samples[`stage_duration_seconds_count{stage="${STAGE_OF[activity]}"}`]).toBeGreaterThan(0);
    });
  }, 120_000);

  test('a verification that finds drift shows, and so does one that finds none', async () => {
    const database = await connectDatabase(services.env['MONGODB_URI']!);
    const verify = async (): Promise<void> => {
      const options = { taskQueue: services.env['TEMPORAL_TASK_QUEUE']!, workflowId: `verify-${scheduleId}` };
      const run = await client.workflow.start('auditVerifyWorkflow', { ...options, args: [{}] });
      await run.result().catch(() => undefined);
    };
    try {
      await verify();
      await eventually(async () => {
        const samples = await samplesOf(worker);
        expect(samples['last_verification_timestamp_seconds{result="verified"}']).toBeGreaterThan(
          FROM_MS / 1000,
        );
        expect(samples['drift_records{kind="altered"}']).toBe(0);
      });
      await database.collection('auditlogs').updateOne({ immutable: true }, { $set: { actorId: 'mallory' } });
      await verify();
      await eventually(async () => {
        const samples = await samplesOf(worker);
        expect(samples['last_verification_timestamp_seconds{result="drift"}']).toBeGreaterThan(
          FROM_MS / 1000,
        );
        expect(samples['drift_records{kind="altered"}']).toBe(1);
      });
    } finally {
      await database.close();
    }
  }, 120_000);

  test('the page has the metrics of the SDK of both processes, and names no job and no record', async () => {
    const text = await (await fetch(`${worker}/metrics`)).text();
    for (const index of [0, 1])
      expect(text).toMatch(new RegExp(`^temporal_\\w+\\{.*worker_process="${index}".*\\} `, 'm'));
    expect(text).not.toContain(`${scheduleId}-2`);
    expect(text).not.toContain('mallory');
  });

  test('counters survive the death of the worker processes, and their replacements are counted', async () => {
    const before = await samplesOf(worker);
    const old = services.workerPids();
    for (const pid of old) process.kill(pid, 'SIGKILL');
    await eventually(async () => {
      expect(services.workerPids().filter((pid) => old.includes(pid))).toEqual([]);
      expect(await samplesOf(worker)).toMatchObject({
        'workers{state="running"}': 2,
        'workers{state="dead"}': 0,
      });
    });
    const after = await samplesOf(worker);
    expect(after['records_sealed_total']).toBe(before['records_sealed_total']);
  }, 60_000);

  test('the job service counts its requests and errors, and the workers that poll', async () => {
    await services.request('/jobs');
    await services.request('/jobs/0123456789abcdef01234567');
    await eventually(async () => {
      const samples = await samplesOf(service);
      expect(samples[`pollers{queue="${services.env['TEMPORAL_TASK_QUEUE']}"}`]).toBeGreaterThan(0);
      const requests = 'http_request_duration_seconds_count';
      expect(samples[`${requests}{method="GET",route="/jobs",status="200"}`]).toBe(1);
      expect(samples[`${requests}{method="GET",route="/jobs/:id",status="404"}`]).toBe(1);
      expect(samples['errors_total{code="JOB_NOT_FOUND"}']).toBe(1);
    });
    // Only on the port of the metrics.
    expect((await services.request('/metrics')).status).toBe(404);
    expect((await fetch(`${service}/jobs`)).status).toBe(404);
  }, 60_000);

  test('every metric that the documentation lists was seen', async () => {
    const seen = Object.keys({ ...(await samplesOf(worker)), ...(await samplesOf(service)) }).join('\n');
    // Nothing was tampered with before it was sealed, and no job waited for another one.
    const absent = ['audit_snapshot_findings_total'];
    const missing = Object.keys(METRICS).filter(
      (name) => !seen.includes(name.replace('audit_snapshot_', '')),
    );
    expect(missing.filter((name) => !absent.includes(name))).toEqual([]);
  });
});
