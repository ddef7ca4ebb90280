import { resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Connection } from 'mongoose';
import { createActivities } from '../../activities/createActivities';
import { auditTrail } from '../../dev/demo/auditTrail';
import { createLockedBucket } from '../../dev/stack/lockedBucket';
import { AuditSnapshotClient } from '../../src/client';
import { readStorageConfig, readTemporalConfig } from '../../src/config';
import { workflowIdOf } from '../../src/contract/names';
import type { AuditSnapshotInput, AuditSnapshotResult } from '../../src/contract/snapshot';
import type { Window } from '../../src/contract/window';
import { createIndexes } from '../../src/mongo/indexes';
import { connectDatabase } from '../../src/mongo/connection';
import type { SealingDeps } from '../../src/sealing/deps';
import { AuditService } from '../../src/services/audit.service';
import { connectTemporal } from '../../src/temporal/connection';
import { compose } from '../../src/worker/compose';
import { listVersions } from './bucket';
import { CallsUnderWay } from './callsUnderWay';
import { deploymentVariables, readDeploymentConfig, uniqueName } from './deployment';
import { describeRun } from './describeRun';
import { faultFreeManifest } from './faultFreeManifest';
import { HeldActivities } from './heldActivities';

const BUNDLE = resolve(__dirname, '../../dist/workflow-bundle.js');

export interface RunningWorker {
  readonly worker: Worker;
  /** Drains and ends; an activity that is held must be released before. */
  stop(): Promise<void>;
}

interface WorkerSetup {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly deps: SealingDeps;
  readonly client: Client;
  readonly database: Connection;
  readonly native: NativeConnection;
  readonly disconnect: () => Promise<void>;
}

/**
 * A deployment in the process of the test: real servers, with a database, bucket, ledger and task queue of its own, and
 * workers whose activities can be held. `open` connects it; a test starts as many workers as it needs.
 */
export class WorkerHarness {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly activities: HeldActivities;
  readonly deps: SealingDeps;
  readonly client: Client;
  readonly snapshots: AuditSnapshotClient;
  /** The test's own connection to the database. */
  readonly database: Connection;
  readonly #native: NativeConnection;
  readonly #disconnect: () => Promise<void>;
  readonly #workers = new Set<RunningWorker>();

  private constructor({ env, deps, client, database, native, disconnect }: WorkerSetup) {
    this.env = env;
    const calls = new CallsUnderWay();
    this.deps = calls.track(deps);
    this.client = client;
    this.activities = new HeldActivities(
      async (jobId) => `${await describeRun(client, jobId)}; ${calls.describe(workflowIdOf(jobId))}`,
    );
    this.database = database;
    this.snapshots = new AuditSnapshotClient(client, readTemporalConfig(env).taskQueue);
    this.#native = native;
    this.#disconnect = disconnect;
  }

  static async open(extra: Readonly<Record<string, string>> = {}): Promise<WorkerHarness> {
    installQuietRuntime();
    const name = uniqueName('w');
    const env = { ...process.env, ...deploymentVariables(name), ...extra };
    await createLockedBucket(env, readStorageConfig(env).bucket);
    const temporal = readTemporalConfig(env);
    const { connection, client } = await connectTemporal(temporal);
    const config = readDeploymentConfig(env);
    const database = await connectDatabase(config.database.uri);
    await createIndexes(database);
    const composed = await compose(config, client);
    const native = await NativeConnection.connect({ address: temporal.address });
    const disconnect = async (): Promise<void> => {
      await native.close();
      await connection.close();
      await composed[Symbol.asyncDispose]();
      await database.close();
    };
    return new WorkerHarness({ env, deps: composed.deps, client, database, native, disconnect });
  }

  /** A worker with the options of the product, `options` excepted; `deps` replaces the ports of its activities. */
  async startWorker(options: Partial<WorkerOptions> = {}, deps = this.deps): Promise<RunningWorker> {
    const { namespace, taskQueue } = readTemporalConfig(this.env);
    const worker = await Worker.create({
      connection: this.#native,
      namespace,
      taskQueue,
      activities: this.activities.wrap(createActivities(deps)),
      // A held activity occupies a slot, so there are slots for all of them and for the others.
      maxConcurrentActivityTaskExecutions: 100,
      maxCachedWorkflows: 50,
      ...(options.workflowsPath === undefined ? { workflowBundle: { codePath: BUNDLE } } : {}),
      ...options,
    });
    const end = worker.run();
    const running: RunningWorker = {
      worker,
      stop: async () => {
        this.#workers.delete(running);
        if (worker.getState() === 'RUNNING') worker.shutdown();
        await end;
      },
    };
    this.#workers.add(running);
    return running;
  }

  async log(count: number, { from, to }: Window, seed?: number): Promise<void> {
    const service = new AuditService(this.database);
    await service.logAuditEntries(auditTrail(count, Date.parse(from), Date.parse(to) + 1, seed));
  }

  /** Runs a job to its end on any worker. */
  async seal(input: AuditSnapshotInput): Promise<AuditSnapshotResult> {
    return (await this.snapshots.start(input)).result();
  }

  terminate(jobId: string): Promise<unknown> {
    return this.client.workflow.getHandle(workflowIdOf(jobId)).terminate('by the test');
  }

  /** The manifest that a run without faults makes of the records in the log now. */
  async faultFreeManifest(input: AuditSnapshotInput): Promise<string | undefined> {
    const timestamp = { $gte: new Date(input.from), $lte: new Date(input.to) };
    const logs = this.database.collection('auditlogs');
    const records = await logs.find<Buffer>({ timestamp }, { raw: true }).toArray();
    return faultFreeManifest(input, records, this.deps);
  }

  /** Everything that is stored: the documents of every collection by id, and the versions of every object by key. */
  async fingerprint(): Promise<ReadonlyMap<string, string>> {
    const stored = new Map<string, string>();
    for (const { collectionName } of await this.database.db!.collections()) {
      const documents = this.database.collection(collectionName).find();
      for await (const document of documents)
        stored.set(`${collectionName}/${String(document._id)}`, JSON.stringify(document));
    }
    for (const { key, versionId } of await listVersions('', this.env['S3_BUCKET'], this.env))
      stored.set(`${key}?${versionId}`, '');
    return stored;
  }

  async close(): Promise<void> {
    this.activities.releaseAll();
    await Promise.all([...this.#workers].map((worker) => worker.stop()));
    await this.#disconnect();
  }
}

let quiet = false;

/** Once in a process, and before any connection: these tests provoke failures, which are not worth a warning. */
function installQuietRuntime(): void {
  if (quiet) return;
  quiet = true;
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { forward: {}, filter: { core: 'ERROR', other: 'ERROR' } } },
  });
}
