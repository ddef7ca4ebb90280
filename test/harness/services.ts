import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createDatabaseIndexes } from '../../dev/stack/databaseIndexes';
import { createLockedBucket } from '../../dev/stack/lockedBucket';
import { auditTrail } from '../../dev/demo/auditTrail';
import { startChild, type Child } from '../../dev/demo/childProcess';
import { newServiceKey } from '../../dev/demo/serviceKey';
import type { AuditSnapshotResult, Progress } from '../../src/contract/snapshot';
import type { Window } from '../../src/contract/window';
import { connectDatabase } from '../../src/mongo/connection';
import { AuditService } from '../../src/services/audit.service';
import { deploymentVariables, uniqueName } from './deployment';
import { keepSecret } from './leaks/secretRegistry';

const DIST = resolve(__dirname, '../../dist/src');

export interface JobView {
  readonly jobId: string;
  readonly status: string;
  readonly result: AuditSnapshotResult | null;
  readonly progress?: Progress;
  readonly error: { readonly code: string; readonly reason: string } | null;
}

/** A worker and a job service as processes on the shared stack, with their own database, bucket, task queue and origin. */
export class Services {
  readonly env: Readonly<Record<string, string>>;
  readonly logs = mkdtempSync(join(tmpdir(), 'audit-snapshot-test-'));
  readonly serviceLog = join(this.logs, 'service.log');
  worker: Child | undefined;
  /** Of the worker that was started last. */
  workerLog = '';
  #service: Child | undefined;
  #indexes: Promise<void> | undefined;
  /** Has every scope. */
  readonly #key = newServiceKey('test', 'jobs:write', 'jobs:read', 'jobs:report');
  #url = '';

  constructor(extra: Readonly<Record<string, string>> = {}) {
    keepSecret('a token of the job service', this.#key.token);
    this.env = {
      ...deploymentVariables(uniqueName('t')),
      JOB_SERVICE_KEYS: JSON.stringify([this.#key.hashed]),
      JOB_SERVICE_DRAIN_SECONDS: '0',
      ...extra,
    };
  }

  async start(): Promise<void> {
    await this.startServers();
    await this.startWorker();
  }

  /** As `start`, with the supervisor that `audit-snapshot worker` runs instead of a single worker process. */
  async startSupervised(): Promise<void> {
    await this.startServers();
    await this.startWorkers();
  }

  /** Bucket and job service, without a worker. */
  async startServers(): Promise<void> {
    await createLockedBucket(process.env, this.env['S3_BUCKET']!);
    await this.startService();
  }

  /** What `audit-snapshot indexes create` does for a deployment before its processes start; once. */
  #createIndexes(): Promise<void> {
    return (this.#indexes ??= createDatabaseIndexes(this.env));
  }

  async startService(): Promise<void> {
    await this.#createIndexes();
    const env = { ...this.env, PORT: '0' };
    const service = await startChild(join(DIST, 'http/main.js'), env, '"listening"', this.serviceLog);
    this.#service = service;
    this.#url = (JSON.parse(service.ready) as { url: string }).url;
  }

  async startWorker(): Promise<Child> {
    return this.#startWorker('worker/process.js', '"worker started"');
  }

  /** A supervisor with its worker processes; all of them have started. */
  async startWorkers(): Promise<Child> {
    return this.#startWorker('worker/main.js', '"worker processes started"');
  }

  async #startWorker(script: string, ready: string): Promise<Child> {
    await this.#createIndexes();
    // A test may put a proxy before the job service.
    const env = { JOB_SERVICE_URL: this.#url, ...this.env, JOB_SERVICE_TOKEN_FILE: this.#tokenFile() };
    this.workerLog = join(this.logs, `worker-${Date.now()}.log`);
    this.worker = await startChild(join(DIST, script), env, ready, this.workerLog);
    return this.worker;
  }

  /** Not in the environment, where `ps` shows it. */
  #tokenFile(): string {
    const file = join(mkdtempSync(join(tmpdir(), 'audit-snapshot-token-')), 'token');
    writeFileSync(file, this.token, { mode: 0o600 });
    return file;
  }

  /** SIGKILL: nothing is flushed, no last heartbeat is sent. */
  async killWorker(): Promise<void> {
    const child = this.worker?.process;
    if (!child || child.exitCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  /** The worker processes of the supervisor, as the kernel knows them, the oldest first. */
  workerPids(): number[] {
    const { pid } = this.worker!.process;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children === '' ? [] : children.split(' ').map(Number);
  }

  /** The worker process with this identity, from its own log line. */
  workerPid(identity: string): number | undefined {
    const started = readFileSync(this.workerLog, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"worker started"'))
      .map((line) => JSON.parse(line) as { pid: number; identity: string });
    return started.find((line) => line.identity === identity)?.pid;
  }

  get url(): string {
    return this.#url;
  }

  get token(): string {
    return this.#key.token;
  }

  /** A request to the job service, with the token. */
  async request(
    path: string,
    init: { method?: string; headers?: Record<string, string>; body?: string; signal?: AbortSignal } = {},
  ): Promise<Response> {
    const authorization = `Bearer ${this.token}`;
    return fetch(`${this.#url}${path}`, { ...init, headers: { authorization, ...init.headers } });
  }

  /** Logs so many records, evenly over the window; the same for the same seed. */
  async log(count: number, { from, to }: Window, seed?: number): Promise<void> {
    const connection = await connectDatabase(this.env['MONGODB_URI']!);
    try {
      const entries = auditTrail(count, Date.parse(from), Date.parse(to) + 1, seed);
      await new AuditService(connection).logAuditEntries(entries);
    } finally {
      await connection.close();
    }
  }

  async submit(window: Window): Promise<string> {
    const response = await this.request('/jobs', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'audit.snapshot', payload: window }),
    });
    if (response.status !== 202) throw new Error(`POST /jobs: ${response.status} ${await response.text()}`);
    return ((await response.json()) as JobView).jobId;
  }

  async job(jobId: string): Promise<JobView> {
    const response = await this.request(`/jobs/${jobId}`);
    return (await response.json()) as JobView;
  }

  /** Polls until the job has ended; `whileWaiting` runs between two polls. */
  async ended(jobId: string, whileWaiting?: (job: JobView) => Promise<void> | void): Promise<JobView> {
    for (;;) {
      const job = await this.job(jobId);
      if (!['queued', 'running'].includes(job.status)) return job;
      await whileWaiting?.(job);
      await pause(100);
    }
  }

  async stop(): Promise<void> {
    await this.worker?.stop();
    await this.#service?.stop();
  }
}
