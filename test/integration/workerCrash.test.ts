import type { Client, Connection } from '@temporalio/client';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { connectDatabase } from '../../src/mongo/connection';
import { connectTemporal } from '../../src/temporal/connection';
import { readStorageConfig, readTemporalConfig } from '../../src/config';
import { snapshotIdOf, workflowIdOf } from '../../src/contract/names';
import { splitRecords } from '../../src/evidence/bsonStream';
import { unpackChunk } from '../../src/evidence/chunk';
import { parseManifest, type Manifest } from '../../src/evidence/manifest';
import { manifestKey } from '../../src/evidence/objectKeys';
import { readRecord } from '../../src/evidence/recordBytes';
import { listVersions } from '../harness/bucket';
import { eventually } from '../harness/eventually';
import { Services } from '../harness/services';

const RECORDS = 120_000;
const WINDOW = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };

describe('worker processes that are killed in the middle of 120,000 records', () => {
  const services = new Services({ AUDIT_CHUNK_RECORDS: '8192' });
  const store = connectObjectStore(readStorageConfig({ ...process.env, ...services.env }));
  let connection: Awaited<ReturnType<typeof connectDatabase>>;
  let temporal: Connection;
  let client: Client;

  beforeAll(async () => {
    connection = await connectDatabase(services.env['MONGODB_URI']!);
    ({ connection: temporal, client } = await connectTemporal(readTemporalConfig()));
    await services.startSupervised();
    await services.log(RECORDS, WINDOW);
  }, 300_000);

  afterAll(async () => {
    await services.stop();
    await connection.close();
    await temporal.close();
  });

  test('when busy worker processes are killed, every record is in one chunk and marked once, and no chunk is stored twice', async () => {
    const jobId = await services.submit(WINDOW);
    const killedAt: string[] = [];
    const job = await services.ended(jobId, async ({ progress }) => {
      const reached = (stage: string, share: number, count: number) =>
        progress?.stage === stage && count >= RECORDS * share && !killedAt.includes(stage);
      if (reached('sealing', 0.3, progress?.stored ?? 0)) await killBusyWorker(jobId);
      else if (reached('marking', 0.2, progress?.marked ?? 0))
        for (const pid of services.workerPids()) process.kill(pid, 'SIGKILL');
      else return;
      killedAt.push(progress!.stage);
    });
    expect(killedAt).toEqual(['sealing', 'marking']);
    expect(job).toMatchObject({
      status: 'succeeded',
      result: { recordCount: RECORDS, findingCount: 0, conflictCount: 0 },
    });

    const failures = await failuresOf(jobId);
    expect(failures.length).toBeGreaterThanOrEqual(2);
    expect(new Set(failures)).toEqual(new Set(['WORKER_DIED']));

    const snapshotId = snapshotIdOf(jobId);
    const manifest = parseManifest((await store.get(manifestKey(snapshotId), 2 ** 24))!.body);
    const ids = await sealedIds(manifest);
    expect(ids).toHaveLength(RECORDS);
    expect(new Set(ids).size).toBe(RECORDS);

    const logs = connection.collection('auditlogs');
    expect(await logs.countDocuments({ immutable: true, snapshotId })).toBe(RECORDS);
    expect(await logs.countDocuments({ immutable: true, snapshotId: { $ne: snapshotId } })).toBe(0);

    const versions = await listVersions(`snapshots/${snapshotId}/`, services.env['S3_BUCKET']);
    expect(versions.map(({ key }) => key).toSorted()).toEqual(
      [...new Set(versions.map(({ key }) => key))].toSorted(),
    );
    expect(versions.filter(({ key }) => key.includes('/chunks/'))).toHaveLength(manifest.chunks.length);
  }, 600_000);

  test('the supervisor replaces worker processes that were killed', async () => {
    await eventually('two processes', () => services.workerPids().length === 2);
    expect(services.worker!.process.exitCode).toBeNull();
  });

  test('the supervisor drains its processes on SIGTERM and exits with 0', async () => {
    const pids = services.workerPids();
    await services.worker!.stop();
    expect(services.worker!.process.exitCode).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test('the worker processes end when their supervisor is killed', async () => {
    await services.startWorkers();
    const pids = services.workerPids();
    expect(pids).toHaveLength(2);
    await services.killWorker();
    await eventually('processes that end', () => !pids.some(isAlive));
  });

  /** SIGKILL for a process that runs an activity of the job, as Temporal knows it. */
  async function killBusyWorker(jobId: string): Promise<void> {
    const { raw } = await client.workflow.getHandle(workflowIdOf(jobId)).describe();
    const { lastWorkerIdentity } = raw.pendingActivities!.find((pending) => pending.lastWorkerIdentity)!;
    process.kill(services.workerPid(lastWorkerIdentity!)!, 'SIGKILL');
  }

  /** The failure of the last but one attempt of each activity: a code, or the message of a timeout. */
  async function failuresOf(jobId: string): Promise<string[]> {
    const history = await client.workflow.getHandle(workflowIdOf(jobId)).fetchHistory();
    return history.events!.flatMap(({ activityTaskStartedEventAttributes: started }) => {
      const failure = started?.lastFailure;
      return failure ? [failure.applicationFailureInfo?.type ?? `${failure.message}`] : [];
    });
  }

  async function sealedIds(manifest: Manifest): Promise<string[]> {
    const ids: string[] = [];
    for (const { key, versionId } of manifest.chunks) {
      const stored = await store.get(key, 2 ** 26, versionId);
      for (const record of splitRecords(await unpackChunk(stored!.body))) ids.push(readRecord(record).id);
    }
    return ids;
  }
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
