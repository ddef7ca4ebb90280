import { setImmediate as turn } from 'node:timers/promises';
import type { InjectOptions } from 'fastify';
import { newServiceKey } from '../../dev/demo/serviceKey';
import type { AuditSnapshotInput, Progress } from '../../src/contract/snapshot';
import { SnapshotError } from '../../src/errors';
import { createJobService, type AppDeps } from '../../src/http/app';
import { SCOPES } from '../../src/http/auth/caller';
import { staticKeys } from '../../src/http/auth/staticKeys';
import type { WorkflowState } from '../../src/ports/workflowStatusReader';
import { deferred } from './deferred';
import { FakeIdempotencyKeys } from './fakes/fakeIdempotencyKeys';
import { FakeJobStore } from './fakes/fakeJobStore';
import { FakeSnapshotRepository } from './fakes/fakeSnapshotRepository';

const NOW_MS = Date.parse('2026-06-01T00:00:00Z');
export const DAY = { from: '2026-03-01T00:00:00Z', to: '2026-03-01T23:59:59.999Z' };
export const RESULT = {
  snapshotAssetId: '0123456789abcdef01234567',
  recordCount: 3,
  snapshotId: 'snap-x',
  window: { from: '2026-03-01T00:00:00.000Z', to: DAY.to },
  findingCount: 0,
  conflictCount: 0,
  lateCount: 0,
  manifestSha256: 'a'.repeat(64),
  ledgerIndex: 0,
};

/** Temporal as the service sees it: which runs were started, which are open. */
class FakeRuns {
  readonly started: AuditSnapshotInput[] = [];
  readonly open = new Set<string>();
  /** How runs that are not open have ended. */
  readonly closed = new Map<string, WorkflowState>();
  readonly cancelled: string[] = [];
  unreachable = false;
  progressOf: (jobId: string) => Promise<Progress> = () => Promise.reject(new Error('no run'));

  start = async (input: AuditSnapshotInput) => {
    this.#reach();
    if (!this.open.has(input.jobId)) this.started.push(input);
    this.open.add(input.jobId);
    return { result: () => new Promise<never>(() => undefined) };
  };

  progress = (jobId: string) => this.progressOf(jobId);

  cancel = async (jobId: string) => {
    this.#reach();
    if (!this.open.has(jobId)) throw new SnapshotError('JOB_NOT_FOUND', `no run of ${jobId}`);
    this.cancelled.push(jobId);
  };

  /** The run of an open job has the id `run-<job id>`. */
  openRunId = async (jobId: string) => {
    this.#reach();
    return this.open.has(jobId) ? `run-${jobId}` : undefined;
  };

  stateOf = async (workflowId: string): Promise<WorkflowState> => {
    this.#reach();
    const jobId = workflowId.replace('audit-snapshot/', '');
    return this.open.has(jobId) ? 'open' : (this.closed.get(jobId) ?? 'unknown');
  };

  #reach(): void {
    if (this.unreachable)
      throw new SnapshotError('TEMPORAL_UNREACHABLE', 'temporal.internal:7233 cannot be reached', {
        retryable: true,
      });
  }
}

/** The job service on fakes. Only a pause moves its clock, and then calls `onPause`. */
export function makeJobService(given: Partial<AppDeps> = {}) {
  const jobs = new FakeJobStore();
  const keys = new FakeIdempotencyKeys();
  const runs = new FakeRuns();
  const snapshotRows = new FakeSnapshotRepository();
  const clock = { nowMs: NOW_MS, onPause: (): Promise<void> | void => undefined };
  const allScopes = newServiceKey('tester', ...SCOPES);
  let made = 0;
  const deps: AppDeps = {
    jobs,
    keys,
    snapshotRows,
    snapshots: runs,
    workflowStatus: runs,
    visibility: 'all',
    nowMs: () => clock.nowMs,
    newJobId: () => (++made).toString(16).padStart(24, '0'),
    pause: async (ms, signal) => {
      await turn();
      // A pause that was aborted takes no time.
      if (signal?.aborted) return;
      clock.nowMs += ms;
      await clock.onPause();
    },
    servers: [
      { name: 'mongodb', check: () => Promise.resolve() },
      { name: 'temporal', check: async () => void (await runs.stateOf('any')) },
    ],
    authenticate: staticKeys(JSON.stringify([allScopes.hashed])),
    version: '0.0.0',
    // A busy machine that runs tests is late; that is not what they test.
    limits: { requestsPerMinute: 100_000, submissionsPerMinute: 100_000, maxEventLoopDelayMs: 0 },
    ...given,
  };
  const service = createJobService(deps);
  const { app } = service;
  const authorization = `Bearer ${allScopes.token}`;
  const ask = (url: string, options: Omit<InjectOptions, 'url'> = {}) => {
    // A worker reports with the id of its run.
    const [, reported] = /^\/jobs\/([^/]+)\/(?:succeed|fail)$/.exec(url) ?? [];
    const run = reported === undefined ? {} : { 'audit-run-id': `run-${reported}` };
    return app.inject({ url, ...options, headers: { authorization, ...run, ...options.headers } });
  };
  const post = (url: string, payload?: unknown, headers: Record<string, string> = {}) =>
    ask(url, {
      method: 'POST',
      ...(payload === undefined
        ? { headers }
        : {
            headers: { 'content-type': 'application/json', ...headers },
            payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
          }),
    });
  const submit = async (payload: unknown = DAY) =>
    (await post('/jobs', submission(payload))).json<{ jobId: string }>().jobId;
  return {
    ...service,
    deps,
    jobs,
    keys,
    runs,
    snapshotRows,
    clock,
    ask,
    post,
    submit,
    token: allScopes.token,
  };
}

/** A body of `POST /jobs`. */
export function submission(payload: unknown = DAY, type = 'audit.snapshot') {
  return { type, payload };
}

/** Holds the next start of a run until `letGo` is called; `reached` settles when a caller waits for it. */
export function holdStart(runs: FakeRuns): { readonly reached: Promise<void>; readonly letGo: () => void } {
  const { start } = runs;
  const reached = deferred<void>();
  const gate = deferred<void>();
  runs.start = async (input) => {
    runs.start = start;
    reached.resolve();
    await gate.promise;
    return start(input);
  };
  return { reached: reached.promise, letGo: () => gate.resolve() };
}
