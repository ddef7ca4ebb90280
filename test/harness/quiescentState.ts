import type { Client } from '@temporalio/client';
import { mongo, type Connection } from 'mongoose';
import { connectTemporal } from '../../src/temporal/connection';
import { temporalWorkflowStatus } from '../../src/temporal/workflowStatusReader';
import { connectDatabase } from '../../src/mongo/connection';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { bucketReader } from '../../src/verify/evidenceReaders';
import {
  readDatabaseConfig,
  readSealingConfig,
  readStorageConfig,
  readTemporalConfig,
} from '../../src/config';
import { workflowIdOf } from '../../src/contract/names';
import type { Window } from '../../src/contract/window';
import { readRecord } from '../../src/evidence/recordBytes';
import { assetModel } from '../../src/models/asset.model';
import { auditLogModel } from '../../src/models/auditLog.model';
import { jobModel } from '../../src/models/job.model';
import { windowLeaseModel } from '../../src/models/windowLease.model';
import { SNAPSHOT_CREATED } from '../../src/services/auditEntry';
import { MongoLedgerSequencer } from '../../src/mongo/ledgerSequencer';
import type { QuiescentState } from '../harness/invariants';
import { listVersions } from './bucket';
import { readTrust } from './deployment';

export interface QuiescentScope {
  /** Addresses and names of one deployment, as its own processes get them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Window whose records must all be sealed. */
  readonly window: Window;
  readonly jobs: readonly string[];
  /** Those of the jobs that must have failed without a snapshot. */
  readonly failedJobs?: ReadonlySet<string>;
}

/**
 * Reads what the real servers hold while no job is under way, for `findViolations`. Connects to the addresses of `env`
 * itself; the reader in the result continues to read from storage.
 */
export async function readQuiescentState(scope: QuiescentScope): Promise<QuiescentState> {
  const { env, window, jobs, failedJobs = new Set() } = scope;
  const storage = readStorageConfig(env);
  const store = connectObjectStore(storage);
  const { origin } = readSealingConfig(env);
  const trust = await readTrust(env);
  const versions = new Map<string, number>();
  for (const { key } of await listVersions('', storage.bucket, env))
    versions.set(key, (versions.get(key) ?? 0) + 1);

  const connection = await connectDatabase(readDatabaseConfig(env).uri);
  try {
    const marks = await readMarks(connection, window);
    const ledger = new MongoLedgerSequencer(connection, origin);
    const { size } = await ledger.head();
    const leases = await windowLeaseModel(connection).findById(origin).lean();
    const assets = await assetModel(connection).find().lean();
    const created = await auditLogModel(connection).find({ action: SNAPSHOT_CREATED }).lean();
    const rows = await jobModel(connection)
      .find({ _id: { $in: [...jobs] } })
      .lean();
    const statuses = new Map(rows.map(({ _id, status, result }) => [_id, { status, result }]));
    return {
      eligible: [...marks.keys()],
      marks,
      versions,
      reader: bucketReader(store),
      trust,
      ledger: await ledger.list(0, size),
      assets: assets.map(({ _id, snapshotId }) => ({ snapshotId, snapshotAssetId: _id.toString() })),
      auditEntries: created.map(({ resourceId }) => resourceId),
      jobs: new Map(
        jobs.map((jobId) => [jobId, statuses.get(jobId) ?? { status: 'missing', result: undefined }]),
      ),
      failedJobs,
      leases: (leases?.leases ?? []).map(({ snapshotId }) => snapshotId),
      openWorkflows: await readOpenWorkflows(env, jobs),
    };
  } finally {
    await connection.close();
  }
}

async function readMarks(
  connection: Connection,
  { from, to }: Window,
): Promise<Map<string, { snapshotId: string | undefined }>> {
  const timestamp = { $gte: new Date(from), $lte: new Date(to) };
  const records = auditLogModel(connection).collection.find({ timestamp }, { raw: true });
  const marks = new Map<string, { snapshotId: string | undefined }>();
  for await (const raw of records as unknown as AsyncIterable<Buffer>) {
    const { immutable, snapshotId } = mongo.BSON.deserialize(raw);
    // A record is marked by both members; one without the other matches no snapshot.
    marks.set(readRecord(raw).id, { snapshotId: immutable === true ? snapshotId : undefined });
  }
  return marks;
}

/** Visibility is delayed, so it only names candidates; the description of each execution decides. */
async function readOpenWorkflows(env: QuiescentScope['env'], jobs: readonly string[]): Promise<string[]> {
  const temporal = readTemporalConfig(env);
  const { connection, client } = await connectTemporal(temporal);
  try {
    const named = new Set([...jobs.map(workflowIdOf), ...(await listRunning(client, temporal.taskQueue))]);
    const status = temporalWorkflowStatus(client);
    const open: string[] = [];
    for (const workflowId of named) if (await status.isOpen(workflowId)) open.push(workflowId);
    return open;
  } finally {
    await connection.close();
  }
}

async function listRunning(client: Client, taskQueue: string): Promise<string[]> {
  const query = `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running'`;
  const found: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query })) found.push(workflowId);
  return found;
}
