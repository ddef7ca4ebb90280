import { resolve } from 'node:path';
import type { Client, Connection } from '@temporalio/client';
import { AuditSnapshotClient } from '../../src/client';
import { readStorageConfig, readTemporalConfig } from '../../src/config';
import { snapshotIdOf, workflowIdOf } from '../../src/contract/names';
import { LEDGER_CHECKPOINT_KEY, ledgerKey, manifestKey } from '../../src/evidence/objectKeys';
import { connectDatabase, type DatabaseConnection } from '../../src/mongo/connection';
import { MongoWindowLeaseStore } from '../../src/mongo/windowLeaseStore';
import type { ObjectStore } from '../../src/ports/objectStore';
import { DEFAULT_POLICY } from '../../src/schedule/scheduleSettings';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { connectTemporal } from '../../src/temporal/connection';
import { AuditSchedules } from '../../src/temporal/schedules';
import { freeAddress } from '../../src/worker/sdkMetrics';
import { eventually } from '../harness/eventually';
import { Prometheus, shortRules } from '../harness/prometheus';
import { Services } from '../harness/services';
import { vaultAsRoot } from '../harness/vaultAsRoot';
import { readRules } from '../integration/deploy/rules/promtoolTests';
import { INSTALL_MINUTES, PROMETHEUS, findTool } from '../integration/deploy/tools';

/**
 * A real Prometheus reads the metrics of a worker and a job service on real servers. Each alert of
 * deploy/prometheus/rules.yml is provoked there and must fire, then its cause is removed and it must clear. Only times are
 * overridden: hours of the rules become seconds.
 */

const RULES = resolve(__dirname, '../../deploy/prometheus/rules.yml');
const DAY_MS = 86_400_000;
const WAIT_MS = 180_000;

describe('each alert, in a real Prometheus on the real stack', () => {
  const scheduleId = `alerts-${Date.now()}`;
  const startMs = Math.floor(Date.now() / DAY_MS) * DAY_MS - 3 * DAY_MS;
  const day = (before: number) => ({
    from: new Date(startMs - before * DAY_MS).toISOString(),
    to: new Date(startMs - before * DAY_MS + DAY_MS - 1).toISOString(),
  });
  const keyPath = `transit/keys/${process.env['VAULT_TRANSIT_KEY']}`;
  const seen = new Map<string, { readonly firedMs: number; clearedMs?: number }>();
  let prometheus: Prometheus;
  let services: Services;
  let temporal: Connection;
  let client: Client;
  let schedules: AuditSchedules;
  let database: DatabaseConnection;
  let store: ObjectStore;
  let origin = '';
  let queue = '';

  const settings = {
    input: {
      scheduleId,
      everySeconds: 86_400,
      startAt: new Date(startMs).toISOString().replace('.000', ''),
      settleSeconds: 0,
    },
    ...DEFAULT_POLICY,
  };
  const collection = (name: string) => database.collection(name);

  async function expectFiring(...alerts: readonly string[]): Promise<void> {
    const sinceMs = Date.now();
    for (const alert of alerts) {
      await eventually(`${alert} fires`, async () => (await prometheus.firing()).has(alert), WAIT_MS);
      seen.set(alert, { firedMs: Date.now() - sinceMs });
    }
  }

  async function expectCleared(...alerts: readonly string[]): Promise<void> {
    const sinceMs = Date.now();
    for (const alert of alerts) {
      await eventually(`${alert} clears`, async () => !(await prometheus.firing()).has(alert), WAIT_MS);
      seen.set(alert, { ...seen.get(alert)!, clearedMs: Date.now() - sinceMs });
    }
  }

  async function verify(): Promise<void> {
    const options = { taskQueue: queue, workflowId: `verify-${scheduleId}`, args: [{}] };
    const run = await client.workflow.start('auditVerifyWorkflow', options);
    await run.result().catch(() => undefined);
  }

  async function guessTokens(count: number): Promise<void> {
    const headers = { authorization: 'Bearer guess' };
    for (let index = 0; index < count; index++) await fetch(`${services.url}/jobs`, { headers });
  }

  const seal = async (before: number) => services.ended(await services.submit(day(before)));

  beforeAll(async () => {
    prometheus = new Prometheus(await findTool(PROMETHEUS));
    const [worker, service] = [await freeAddress(), await freeAddress()];
    services = new Services({
      AUDIT_RETENTION_DAYS: '20',
      WORKER_HTTP_PORT: worker.split(':')[1]!,
      WORKER_PROBE_SECONDS: '1',
      JOB_SERVICE_METRICS_PORT: service.split(':')[1]!,
    });
    const env = { ...process.env, ...services.env };
    origin = services.env['AUDIT_ORIGIN']!;
    queue = services.env['TEMPORAL_TASK_QUEUE']!;
    ({ connection: temporal, client } = await connectTemporal(readTemporalConfig(env)));
    schedules = new AuditSchedules(client, queue, origin);
    database = await connectDatabase(services.env['MONGODB_URI']!);
    store = connectObjectStore(readStorageConfig(env));
    await services.startServers();
    await prometheus.start(shortRules(RULES, (await keyAgeSeconds()) + 5), [worker, service]);
  }, INSTALL_MINUTES * 60_000);

  afterAll(async () => {
    const table = [...seen].map(
      ([alert, { firedMs, clearedMs }]) => `${alert} fired ${firedMs} ms, cleared ${clearedMs} ms`,
    );
    process.stderr.write(`${table.join('\n')}\n`);
    await schedules.delete(scheduleId).catch(() => undefined);
    await services.stop();
    await prometheus.stop();
    await database.close();
    await temporal.close();
  }, 120_000);

  async function keyAgeSeconds(): Promise<number> {
    const { data } = (await vaultAsRoot().call('GET', keyPath)) as {
      readonly data: { readonly keys: Readonly<Record<string, { readonly creation_time: string }>> };
    };
    const keys = Object.values(data.keys);
    const newest = Math.max(...keys.map(({ creation_time }) => Date.parse(creation_time)));
    return Math.ceil((Date.now() - newest) / 1000);
  }

  test('no process, and no worker', async () => {
    await expectFiring('MetricsAbsent', 'QueueUnpolled');
    await services.startWorkers();
    await expectCleared('MetricsAbsent', 'QueueUnpolled');
  }, 400_000);

  test('a key that is old', async () => {
    await expectFiring('SigningKeyOld');
    await vaultAsRoot().call('POST', `${keyPath}/rotate`, {});
    await expectCleared('SigningKeyOld');
  }, 400_000);

  test('a paused schedule, and a backlog', async () => {
    await schedules.create(settings, { paused: true, sameStart: true });
    await expectFiring('SchedulePaused', 'NotSealed');
    await new Promise((done) => setTimeout(done, 25_000));
    await services.log(3_000, {
      from: settings.input.startAt,
      to: new Date(startMs + DAY_MS - 1).toISOString(),
    });
    await expectFiring('BacklogGrowing');
    await schedules.resume(scheduleId);
    await schedules.trigger(scheduleId, 'skip');
    await expectCleared('SchedulePaused', 'NotSealed', 'BacklogGrowing');
  }, 600_000);

  test('evidence that nobody verified, and locks that end soon', async () => {
    await expectFiring('VerificationOverdue', 'RetentionEnding', 'LedgerRetentionEnding');
    await verify();
    const until = new Date(Date.now() + 100 * DAY_MS);
    const [oldest] = await collection('ledgerleaves').find({ index: 0 }).toArray();
    const prefixes = [
      manifestKey(String(oldest!['snapshotId'])),
      LEDGER_CHECKPOINT_KEY,
      ledgerKey('tile/0/'),
    ];
    for (const prefix of prefixes)
      for await (const { key, versionId, isDeleteMarker } of store.listVersions(prefix))
        if (!isDeleteMarker) await store.extendLock(key, versionId, until);
    await expectCleared('VerificationOverdue', 'RetentionEnding', 'LedgerRetentionEnding');
  }, 600_000);

  test('records that cannot be sealed, and records with a wrong hash', async () => {
    const logs = collection('auditlogs');
    const { insertedId } = await logs.insertOne({ action: 'x', immutable: false });
    await logs.insertOne({
      resourceType: 'invoice',
      resourceId: '1',
      action: 'invoice.paid',
      actorId: 'mallory',
      timestamp: new Date(Date.parse(day(1).from) + 1000),
      hash: 'a'.repeat(64),
      immutable: false,
    });
    await expectFiring('IneligibleRecords');
    await seal(1);
    await expectFiring('Findings');
    await logs.deleteOne({ _id: insertedId });
    await expectCleared('IneligibleRecords', 'Findings');
  }, 600_000);

  test('a sealed record that was altered', async () => {
    const logs = collection('auditlogs');
    const sealed = { immutable: true, actorId: { $ne: 'mallory' } };
    const record = await logs.findOne(sealed);
    await logs.updateOne({ _id: record!._id }, { $set: { actorId: 'mallory' } });
    await verify();
    await expectFiring('Drift', 'VerificationFailed');
    await logs.updateOne({ _id: record!._id }, { $set: { actorId: record!['actorId'] as string } });
    await verify();
    await expectCleared('Drift', 'VerificationFailed');
  }, 600_000);

  test('an object in the place of a manifest', async () => {
    const jobId = 'conflict-1';
    await store.putOnce(manifestKey(snapshotIdOf(jobId)), Buffer.from('{}'), new Date(Date.now() + 60_000));
    const run = await new AuditSnapshotClient(client, queue).submit(day(2), { jobId, maxAttempts: 1 });
    await run.wait().catch(() => undefined);
    await expectFiring('Conflict');
    await expectCleared('Conflict');
  }, 600_000);

  test('a window that another job holds', async () => {
    const leases = new MongoWindowLeaseStore(database, origin);
    const workflowId = workflowIdOf('holder');
    // Nothing polls this task queue, so the run stays open.
    const input = { jobId: 'holder', ...day(3) };
    const holder = await client.workflow.start('auditSnapshotWorkflow', {
      taskQueue: `${queue}-nobody`,
      workflowId,
      args: [input],
    });
    const asOf = await leases.sequence();
    await leases.acquire({ snapshotId: snapshotIdOf('holder'), window: day(3), workflowId, asOf });
    const jobId = await services.submit(day(3));
    await expectFiring('LeaseWaits');
    await holder.terminate();
    expect(await services.ended(jobId)).toMatchObject({ status: 'succeeded' });
    await expectCleared('LeaseWaits');
  }, 600_000);

  test('a database that was restored, and one with another history', async () => {
    const heads = collection('ledgerheads');
    const leaves = collection('ledgerleaves');
    const own = { _id: origin } as never;
    const before = await heads.findOne(own);
    await seal(4);
    const after = await heads.findOne(own);
    const last = await leaves.findOne({ index: before!['size'] as number });
    await leaves.deleteOne({ _id: last!._id });
    await heads.replaceOne(own, before!);
    await expectFiring('LedgerRolledBack');
    await leaves.insertOne(last!);
    await heads.replaceOne(own, after!);
    await expectCleared('LedgerRolledBack');

    const nodes = (after!['nodes'] as string[]).map(() => Buffer.alloc(32, 7).toString('base64'));
    await heads.updateOne(own, { $set: { nodes } });
    await expectFiring('LedgerForked');
    await heads.replaceOne(own, after!);
    await expectCleared('LedgerForked');
  }, 600_000);

  test('worker processes that end repeatedly', async () => {
    const enough = new AbortController();
    const kill = async () => {
      while (!enough.signal.aborted) {
        for (const pid of services.workerPids()) process.kill(pid, 'SIGKILL');
        await new Promise((done) => setTimeout(done, 500));
      }
    };
    const killed = kill();
    await expectFiring('NoWorkers', 'WorkersDying');
    enough.abort();
    await killed;
    await expectCleared('NoWorkers', 'WorkersDying');
  }, 600_000);

  test('one error again and again', async () => {
    // A counter that starts with its first events shows only later ones.
    await guessTokens(5);
    await new Promise((done) => setTimeout(done, 3_000));
    await guessTokens(30);
    await expectFiring('Errors');
    await expectCleared('Errors');
  }, 600_000);

  test('is covered: every alert of the file fired and cleared', () => {
    const alerts = readRules(RULES).map(({ alert }) => alert.replace('AuditSnapshot', ''));
    const cleared = [...seen].filter(([, { clearedMs }]) => clearedMs !== undefined).map(([alert]) => alert);
    expect(cleared.toSorted()).toEqual(alerts.toSorted());
  });
});
