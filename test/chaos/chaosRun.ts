import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { createIndexes } from '../../src/mongo/indexes';
import { connectDatabase } from '../../src/mongo/connection';
import { startChild, type Child } from '../../dev/demo/childProcess';
import { newServiceKey } from '../../dev/demo/serviceKey';
import { createLockedBucket } from '../../dev/stack/lockedBucket';
import type { Watchdog } from '../../dev/stack/watchdog';
import { snapshotIdOf } from '../../src/contract/names';
import { AuditSnapshotClient } from '../../src/client';
import type { AuditSnapshotInput } from '../../src/contract/snapshot';
import { databaseUri, deploymentVariables, uniqueName } from '../harness/deployment';
import { ProxyNetwork, type ServerRole } from './proxyNetwork';
import { WireMonitor } from './wireMonitor';
import type { Fault, Plan } from './plan';
import { chunkRecordsOf, logLateRecords, logRecords, windowsOf } from './scenario';
import type { StackFaults } from './stackFaults';
import { targetOf, type Target } from './tcpProxy';
import { WorkerProcess, type PointReport } from './workerProcess';

const SERVICE = join(__dirname, '../../dist/src/http/main.js');
const SUBMISSIONS = 60;

/** Before a worker that died is replaced. */
const SUPERVISOR_MS = 250;

type Connection = Awaited<ReturnType<typeof connectDatabase>>;

/** What all runs share. */
export interface RunEnvironment {
  readonly stackFaults: StackFaults;
  readonly client: Client;
  readonly watchdog: Watchdog;
  /** Folder for logs. */
  readonly logs: string;
  /** Paths of the workflow bundle of this version and of the next one. */
  readonly bundles: { readonly current: string; readonly next: string };
}

export interface RunOptions {
  readonly plan: Plan;
  readonly environment: RunEnvironment;
  readonly bug?: string | undefined;
  /** Injects a fault; called at the point it is planned for, where the worker waits until this resolves. */
  readonly inject: (fault: Fault, run: ChaosRun, worker: WorkerProcess) => Promise<void>;
}

/** One run: a deployment of its own (database, bucket, task queue, origin, processes) that reaches its servers through proxies. */
export class ChaosRun {
  readonly name = uniqueName('c');
  readonly plan: Plan;
  readonly environment: RunEnvironment;
  readonly monitor = new WireMonitor();
  readonly network: ProxyNetwork;
  readonly workers: WorkerProcess[] = [];
  readonly fired: Fault[] = [];
  readonly jobs: AuditSnapshotInput[] = [];
  /** The records as they were logged before anything happened. */
  logged: readonly Buffer[] = [];
  /** How often each injection point was reached. */
  readonly reached = new Map<string, number>();
  /** Variables with the addresses of the servers themselves, as operators and other programs use them. */
  env: Readonly<Record<string, string>> = {};
  bundle: string;
  #proxied: Readonly<Record<string, string>> = {};
  #database: Connection | undefined;
  #service: Child | undefined;
  readonly #key = newServiceKey('chaos', 'jobs:write', 'jobs:report');
  #serviceTarget: Target = { host: '127.0.0.1', port: 1 };
  #pending: Fault[];
  readonly #options: RunOptions;
  #closing = false;

  constructor(options: RunOptions) {
    this.#options = options;
    this.environment = options.environment;
    this.plan = options.plan;
    this.#pending = [...options.plan.faults];
    this.bundle = options.environment.bundles.current;
    const { env } = options.environment.stackFaults.stack;
    const address = (name: string) => targetOf(env[name] ?? '');
    this.network = new ProxyNetwork(
      {
        temporal: targetOf(`tcp://${env['TEMPORAL_ADDRESS']}`),
        mongo: address('MONGODB_URI'),
        storage: address('S3_ENDPOINT'),
        vault: address('VAULT_ADDR'),
        service: () => this.#serviceTarget,
      },
      {
        onWrite: (command) => this.monitor.onWrite(command),
        onStored: (exchange) => this.monitor.onStored(exchange),
        beforeReport: (path) => this.#checkReport(path),
      },
    );
  }

  get connection(): Connection {
    if (!this.#database) throw new Error(`run ${this.name} has not begun`);
    return this.#database;
  }

  get snapshots(): AuditSnapshotClient {
    return new AuditSnapshotClient(this.environment.client, this.name);
  }

  /** Creates the deployment, logs its records and submits its jobs. */
  async begin(): Promise<void> {
    const { stackFaults } = this.environment;
    const addresses = await this.network.listen();
    this.#setVariables(addresses);
    await createLockedBucket(stackFaults.stack.env, this.name);
    this.#database = await connectDatabase(this.env['MONGODB_URI']!);
    await createIndexes(this.#database);
    await logRecords(this.connection, this.plan);
    this.logged = await this.connection.collection('auditlogs').find<Buffer>({}, { raw: true }).toArray();
    if (this.plan.scenario !== 'direct') await this.startService();
    const worker = this.startWorker();
    await Promise.race([worker.ready, worker.exited, pause(30_000, undefined, { ref: false })]);
    for (const [index, window] of windowsOf(this.plan).entries())
      this.jobs.push({ jobId: await this.#submit(index, window), ...window });
  }

  async startService(): Promise<void> {
    const env = { ...this.env, ...this.#proxied, PORT: '0' };
    const log = join(this.environment.logs, `${this.name}-service.log`);
    const service = await startChild(SERVICE, env, '"listening"', log);
    this.#service = service;
    this.#serviceTarget = targetOf((JSON.parse(service.ready) as { url: string }).url);
    service.process.once('exit', () => {
      if (!this.#closing) void this.startService().catch(() => undefined);
    });
  }

  signalService(signal: NodeJS.Signals): boolean {
    return this.#service?.process.kill(signal) ?? false;
  }

  startWorker(): WorkerProcess {
    const { logs, watchdog } = this.environment;
    const { bug } = this.#options;
    const env = {
      ...this.env,
      ...this.#proxied,
      CHAOS_BUNDLE: this.bundle,
      ...(bug === undefined ? {} : { CHAOS_BUG: bug }),
    };
    const log = join(logs, `${this.name}-worker.log`);
    const worker = new WorkerProcess(env, log, watchdog, (point, from) => this.#onPoint(point, from));
    this.workers.push(worker);
    void this.#supervise(worker);
    return worker;
  }

  async #supervise(worker: WorkerProcess): Promise<void> {
    await worker.exited;
    await pause(SUPERVISOR_MS);
    const replaced = this.workers.some(({ alive, frozen }) => alive && !frozen);
    if (!this.#closing && !replaced) this.startWorker();
  }

  /** Lifts all faults; resolves when at least one worker is ready. */
  async heal(): Promise<void> {
    this.#pending = [];
    this.network.heal();
    this.signalService('SIGCONT');
    for (const worker of this.workers) {
      worker.setClock(0);
      if (worker.frozen) worker.signal('SIGCONT');
    }
    const deadline = Date.now() + 30_000;
    while (Date.now() < deadline) {
      const alive = this.workers.filter((worker) => worker.alive);
      const ready = alive.map((worker) => worker.ready.then(() => true));
      if (await Promise.race([...ready, pause(200, false)])) return;
    }
    throw new Error('no worker became ready within 30 s of healing');
  }

  get hasPendingFaults(): boolean {
    return this.#pending.length > 0;
  }

  /** A worker is frozen, and not for long enough yet. */
  get hasFrozenWorker(): boolean {
    return this.workers.some(({ alive, frozen }) => alive && frozen);
  }

  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.workers.map((worker) => worker.stop()));
    this.signalService('SIGKILL');
    await this.network.close();
    await this.#database?.dropDatabase().catch(() => undefined);
    await this.#database?.close();
  }

  async #submit(index: number, window: { from: string; to: string }): Promise<string> {
    if (this.plan.scenario === 'direct') {
      const jobId = `${this.name}-${index}`;
      await this.snapshots.start({ jobId, ...window });
      return jobId;
    }
    const { host, port } = this.#serviceTarget;
    const authorization = `Bearer ${this.#key.token}`;
    const headers = { 'content-type': 'application/json', authorization, 'idempotency-key': randomUUID() };
    const body = JSON.stringify({ type: 'audit.snapshot', payload: window });
    // A fault of another run of the batch may affect this submission: a caller retries under the same key.
    for (let retries = 0; ; retries++) {
      const response = await fetch(`http://${host}:${port}/jobs`, { method: 'POST', headers, body });
      if (response.status === 202) return ((await response.json()) as { jobId: string }).jobId;
      const again = response.status === 503 || response.status === 409;
      if (!again || retries === SUBMISSIONS) {
        throw new Error(`POST /jobs: ${response.status} ${await response.text()}`);
      }
      await pause(1_000);
    }
  }

  async #onPoint({ activity, side }: PointReport, worker: WorkerProcess): Promise<void> {
    const name = `${activity}.${side}`;
    const nth = (this.reached.get(name) ?? 0) + 1;
    this.reached.set(name, nth);
    if (this.plan.scenario === 'late' && name === 'hashBatch.before' && nth % 2 === 0 && nth <= 6)
      await logLateRecords(this.connection, nth).catch(() => undefined);
    const due = this.#pending.filter(
      ({ at }) => at.activity === activity && at.side === side && at.nth === nth,
    );
    this.#pending = this.#pending.filter((fault) => !due.includes(fault));
    for (const fault of due) await this.#options.inject(fault, this, worker).catch(() => undefined);
  }

  /** A success may be reported only after it is durable. */
  async #checkReport(path: string): Promise<void> {
    const [, jobId] = /^\/jobs\/([^/]+)\/succeed$/.exec(path) ?? [];
    if (jobId === undefined) return;
    const snapshotId = snapshotIdOf(jobId);
    const collections = {
      snapshots: { _id: snapshotId as never, result: { $ne: null } },
      ledgerleaves: { snapshotId },
    };
    for (const [name, filter] of Object.entries(collections)) {
      // The database may be down at this moment; then the report itself fails.
      const found = await this.connection
        .collection(name)
        .findOne(filter)
        .catch(() => undefined);
      if (found === null) this.monitor.report(`job ${jobId} is reported, and ${name} does not have it`);
    }
  }

  #setVariables(addresses: Readonly<Record<ServerRole, string>>): void {
    const { env } = this.environment.stackFaults.stack;
    this.env = {
      ...env,
      ...deploymentVariables(this.name, env),
      // Shorter than by default, so that a run does not last until a silent server is given up.
      S3_CONNECT_SECONDS: '4',
      S3_IDLE_SECONDS: '10',
      S3_REQUEST_SECONDS: '15',
      AUDIT_CHUNK_RECORDS: String(chunkRecordsOf(this.plan)),
      JOB_SERVICE_KEYS: JSON.stringify([this.#key.hashed]),
      JOB_SERVICE_TOKEN: this.#key.token,
    };
    this.#proxied = {
      MONGODB_URI: databaseUri(this.name, {
        MONGODB_URI: `mongodb://${addresses.mongo}/?directConnection=true`,
      }),
      TEMPORAL_ADDRESS: addresses.temporal,
      S3_ENDPOINT: `http://${addresses.storage}`,
      VAULT_ADDR: `http://${addresses.vault}`,
      ...(this.plan.scenario === 'direct' ? {} : { JOB_SERVICE_URL: `http://${addresses.service}` }),
    };
  }
}
