import type { Client } from '@temporalio/client';
import { mongo, type Connection } from 'mongoose';
import { connectTemporal } from '../../src/temporal/connection';
import { temporalWorkflowStatus } from '../../src/temporal/workflowStatusReader';
import { connectDatabase } from '../../src/mongo/connection';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { connectSigner } from '../../src/vault/vaultSigner';
import { bucketReader } from '../../src/verify/evidenceReaders';
import {
  readDatabaseConfig,
  readSealingConfig,
  readStorageConfig,
  readTemporalConfig,
  readVaultConfig,
} from '../../src/config';
import { workflowIdOf } from '../../src/contract/names';
import type { Window } from '../../src/contract/window';
import { readRecord } from '../../src/evidence/recordBytes';
import { makeTrustFile } from '../../src/evidence/trustFile';
import { assetModel } from '../../src/models/asset.model';
import { auditLogModel } from '../../src/models/auditLog.model';
import { jobModel } from '../../src/models/job.model';
import { windowLeaseModel } from '../../src/models/windowLease.model';
import { SNAPSHOT_CREATED } from '../../src/services/auditEntry';
import { MongoLedgerSequencer } from '../../src/mongo/ledgerSequencer';
import type { RestingState } from '../simulation/invariants';
import { listVersions } from './bucket';

export interface RestingScope {
  /** Addresses and names of one product, as its own processes get them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Log time all of whose records must be sealed by now. */
  readonly window: Window;
  readonly jobs: readonly string[];
  /** Those of the jobs that were meant to end without a snapshot. */
  readonly given?: ReadonlySet<string>;
}

/**
 * What the real servers hold when everything has come to rest, for `brokenAtRest`. Connects by itself, straight to the
 * addresses of `env`; only the reader of the result goes on asking, and only storage.
 */
export async function readRestingState(scope: RestingScope): Promise<RestingState> {
  const { env, window, jobs, given = new Set() } = scope;
  const storage = readStorageConfig(env);
  const store = connectObjectStore(storage);
  const { origin } = readSealingConfig(env);
  const signer = await connectSigner(readVaultConfig(env));
  const trust = makeTrustFile(origin, await signer.listKeys());
  const versions = new Map<string, number>();
  for (const { key } of await listVersions('', storage.bucket, env))
    versions.set(key, (versions.get(key) ?? 0) + 1);

  const connection = await connectDatabase(readDatabaseConfig(env).uri);
  try {
    const marks = await readMarks(connection, window);
    const book = new MongoLedgerSequencer(connection, origin);
    const { size } = await book.head();
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
      ledger: await book.list(0, size),
      assets: assets.map(({ _id, snapshotId }) => ({ snapshotId, snapshotAssetId: _id.toString() })),
      auditEntries: created.map(({ resourceId }) => resourceId),
      jobs: new Map(
        jobs.map((jobId) => [jobId, statuses.get(jobId) ?? { status: 'missing', result: undefined }]),
      ),
      given,
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
    // Marked is what says so in both members; one without the other matches no snapshot.
    marks.set(readRecord(raw).id, { snapshotId: immutable === true ? snapshotId : undefined });
  }
  return marks;
}

/** Visibility lags behind, so it only names candidates; what counts is what each execution says of itself. */
async function readOpenWorkflows(env: RestingScope['env'], jobs: readonly string[]): Promise<string[]> {
  const temporal = readTemporalConfig(env);
  const { connection, client } = await connectTemporal(temporal);
  try {
    const named = new Set([...jobs.map(workflowIdOf), ...(await listRunning(client, temporal.taskQueue))]);
    const directory = temporalWorkflowStatus(client);
    const open: string[] = [];
    for (const workflowId of named) if (await directory.isOpen(workflowId)) open.push(workflowId);
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
