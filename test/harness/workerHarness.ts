import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Connection } from 'mongoose';
import { createActivities } from '../../activities/createActivities';
import type { SealingDeps } from '../../src/sealing/deps';
import { createLockedBucket } from '../../dev/stack/lockedBucket';
import { connectDatabase } from '../../src/mongo/connection';
import { connectTemporal } from '../../src/temporal/connection';
import { auditTrail } from '../../dev/demo/auditTrail';
import { AuditSnapshotClient } from '../../src/client';
import {
  readDatabaseConfig,
  readSealingConfig,
  readStorageConfig,
  readTemporalConfig,
  readVaultConfig,
} from '../../src/config';
import { compose } from '../../src/worker/compose';
import { workflowIdOf } from '../../src/contract/names';
import type { AuditSnapshotInput, AuditSnapshotResult } from '../../src/contract/snapshot';
import type { Window } from '../../src/contract/window';
import { AuditService } from '../../src/services/audit.service';
import { comparableManifest } from '../simulation/invariants';
import { listVersions } from './bucket';
import { FakeDeps } from './fakeDeps';
import { HeldSteps } from './heldSteps';
import { InProcessRun } from './inProcessEngine';

const BUNDLE = resolve(__dirname, '../../dist/workflow-bundle.js');

export interface RunningWorker {
  readonly worker: Worker;
  /** Drains and ends; an activity that is held must be let go before. */
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
 * A product in the process of the test: real servers, with a database, bucket, ledger and task queue of its own, and
 * workers whose steps can be held. Its ground is laid by `open`; a test starts as many workers as it wants.
 */
export class WorkerHarness {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly steps = new HeldSteps();
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
    this.deps = deps;
    this.client = client;
    this.database = database;
    this.snapshots = new AuditSnapshotClient(client, readTemporalConfig(env).taskQueue);
    this.#native = native;
    this.#disconnect = disconnect;
  }

  static async open(extra: Readonly<Record<string, string>> = {}): Promise<WorkerHarness> {
    installQuietRuntime();
    const name = `w${randomUUID().slice(0, 8)}`;
    const uri = new URL(process.env['MONGODB_URI'] ?? '');
    uri.pathname = `/${name}`;
    const own = { S3_BUCKET: name, MONGODB_URI: uri.href, TEMPORAL_TASK_QUEUE: name };
    const env = { ...process.env, ...own, AUDIT_ORIGIN: `test.example/${name}`, ...extra };
    await createLockedBucket(env, name);
    const temporal = readTemporalConfig(env);
    const { connection, client } = await connectTemporal(temporal);
    const config = {
      database: readDatabaseConfig(env),
      storage: readStorageConfig(env),
      vault: readVaultConfig(env),
      sealing: readSealingConfig(env),
      jobService: { url: undefined, token: undefined },
    };
    const composed = await compose(config, client);
    const database = await connectDatabase(config.database.uri);
    const native = await NativeConnection.connect({ address: temporal.address });
    const disconnect = async (): Promise<void> => {
      await native.close();
      await connection.close();
      await composed[Symbol.asyncDispose]();
      await database.close();
    };
    return new WorkerHarness({ env, deps: composed.deps, client, database, native, disconnect });
  }

  /** A worker as the product runs it, but for the options given; `deps` replaces what its activities work with. */
  async startWorker(options: Partial<WorkerOptions> = {}, deps = this.deps): Promise<RunningWorker> {
    const { namespace, taskQueue } = readTemporalConfig(this.env);
    const worker = await Worker.create({
      connection: this.#native,
      namespace,
      taskQueue,
      activities: this.steps.wrap(createActivities(deps)),
      // A held step keeps its place, so there is room for all of them and for those that go on.
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

  /** Runs a job to its end on whatever worker there is. */
  async seal(input: AuditSnapshotInput): Promise<AuditSnapshotResult> {
    return (await this.snapshots.start(input)).result();
  }

  terminate(jobId: string): Promise<unknown> {
    return this.client.workflow.getHandle(workflowIdOf(jobId)).terminate('by the test');
  }

  /**
   * The manifest that an undisturbed run makes of the records that wait in the log now, without what storage and the
   * moment of opening choose: made in memory, so that nothing is sealed by asking.
   */
  async undisturbedManifest(input: AuditSnapshotInput): Promise<string | undefined> {
    const fakes = new FakeDeps();
    const timestamp = { $gte: new Date(input.from), $lte: new Date(input.to) };
    const records = this.database.collection('auditlogs').find({ timestamp }, { raw: true });
    for await (const raw of records as unknown as AsyncIterable<Buffer>) fakes.records.addRaw(raw);
    const { signer, settings } = this.deps;
    const { snapshotId } = await new InProcessRun(Object.assign(fakes, { signer, settings })).run(input);
    const reader = { read: async (key: string) => (await fakes.store.get(key, 1e9))?.body };
    return comparableManifest(reader, snapshotId);
  }

  /** Everything that is stored, by its place: documents of every collection, and the versions of every object. */
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
    this.steps.releaseAll();
    await Promise.all([...this.#workers].map((worker) => worker.stop()));
    await this.#disconnect();
  }
}

let quiet = false;

/** Once in a process, and before any connection: failures are what these tests are about, so nobody is warned of them. */
function installQuietRuntime(): void {
  if (quiet) return;
  quiet = true;
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { forward: {}, filter: { core: 'ERROR', other: 'ERROR' } } },
  });
}
