import { WorkflowExecutionAlreadyStartedError, type Client, type Connection } from '@temporalio/client';
import { SNAPSHOT_WORKFLOW, snapshotIdOf, TASK_QUEUE, workflowIdOf } from '../contract/names';
import type { AuditSnapshotInput } from '../contract/snapshot';
import { SnapshotError } from '../errors';
import { connectTemporal, type TemporalAddress } from '../temporal/connection';
import { toTemporalError } from '../temporal/errors';
import { firstAttributes } from './runAttributes';
import { runQuery, type RunFilter } from './runFilter';
import { snapshotHandle, type SnapshotHandle } from './snapshotHandle';
import { readStandardSettings } from './standardSettings';
import { snapshotRunOf, type SnapshotRun } from './snapshotRun';
import { readSubmission, type SubmitOptions, type WindowInput } from './submission';

// This room is the client library, and this file the entry of the package: other services import it to start, follow and
// list snapshots through Temporal's client SDK. Everything that their code may have to name is exported here. It loads
// Temporal's client and a few small files, never a database driver, a storage client or a server.

export { ERROR_CODES, isSnapshotError, SnapshotError, type ErrorCode } from '../errors';
export type { FollowOptions } from './followProgress';
export type { WaitOptions } from './waitOptions';
export type { RunFilter } from './runFilter';
export type { SnapshotHandle } from './snapshotHandle';
export type { RunStatus } from '../contract/jobStatus';
export type { SnapshotRun } from './snapshotRun';
export type { SubmitOptions, WindowInput } from './submission';
export type {
  AuditSnapshotInput,
  AuditSnapshotResult,
  OnTamper,
  Progress,
  Stage,
  TimePolicy,
} from '../contract/snapshot';
export type { Window } from '../contract/window';

/**
 * Where Temporal is. Without `address`, everything that is not given comes from the standard variables and the profile file
 * of Temporal's tools. `namespace` defaults to `default`, `taskQueue` to `audit-snapshot`.
 */
export interface ConnectOptions extends Partial<TemporalAddress> {
  /** The task queue of the workers. */
  readonly taskQueue?: string | undefined;
}

/**
 * Starts, follows and lists snapshots.
 *
 * @example
 * ```ts
 * await using client = await AuditSnapshotClient.connect({ address: 'localhost:7233' });
 * const day = { from: '2026-01-31T00:00:00.000Z', to: '2026-01-31T23:59:59.999Z' };
 * const run = await client.submit(day, { jobId: 'day-2026-01-31' });
 * for await (const { stage, hashed } of run.follow()) console.log(stage, hashed);
 * const { recordCount, findingCount } = await run.wait();
 * ```
 */
export class AuditSnapshotClient {
  readonly #client: Client;
  readonly #taskQueue: string;
  #connection: Connection | undefined;

  /**
   * Wraps an existing Temporal client, whose connection its owner closes.
   *
   * @example
   * ```ts
   * const client = new Client({ connection: await Connection.connect(), namespace: 'audit' });
   * const snapshots = new AuditSnapshotClient(client);
   * ```
   */
  constructor(client: Client, taskQueue: string = TASK_QUEUE) {
    this.#client = client;
    this.#taskQueue = taskQueue;
  }

  /**
   * Connects to Temporal and checks that the namespace exists. TEMPORAL_UNREACHABLE within ten seconds,
   * TEMPORAL_UNAUTHORIZED, TEMPORAL_FAILED.
   *
   * @example
   * ```ts
   * const client = await AuditSnapshotClient.connect({
   *   address: 'eu-west-1.aws.api.temporal.io:7233',
   *   namespace: 'audit.a1b2c',
   *   apiKey: () => readFileSync('/run/secrets/temporal-key', 'utf8').trim(),
   * });
   * ```
   */
  static async connect(options: ConnectOptions = {}): Promise<AuditSnapshotClient> {
    const { taskQueue, address, namespace, ...credentials } = options;
    const target =
      address === undefined
        ? {
            ...(await readStandardSettings()),
            ...credentials,
            ...(namespace === undefined ? {} : { namespace }),
          }
        : { ...credentials, address, namespace: namespace ?? 'default' };
    const { connection, client } = await connectTemporal(target);
    const connected = new AuditSnapshotClient(client, taskQueue);
    connected.#connection = connection;
    return connected;
  }

  /**
   * Starts the snapshot of a window. With a job id that you choose it is idempotent: a run that is in progress or has
   * succeeded is attached to, a job whose run failed, was cancelled or terminated resumes after its last stored chunk.
   * WINDOW_INVALID, PAYLOAD_INVALID, JOB_CONFLICT, TEMPORAL_*.
   *
   * @example
   * ```ts
   * const run = await client.submit(
   *   { from: new Date('2026-01-31T00:00:00Z'), to: '2026-01-31T23:59:59.999Z' },
   *   { jobId: 'day-2026-01-31', onTamper: 'fail' },
   * );
   * ```
   */
  async submit(window: WindowInput, options: SubmitOptions = {}): Promise<SnapshotHandle> {
    return this.start(readSubmission(window, options, Date.now()));
  }

  /**
   * `submit` for an input that is already validated; its window is in canonical form. JOB_CONFLICT, TEMPORAL_*.
   *
   * @example
   * ```ts
   * await client.start({
   *   jobId: 'day-2026-01-31',
   *   from: '2026-01-31T00:00:00.000Z',
   *   to: '2026-01-31T23:59:59.999Z',
   * });
   * ```
   */
  async start(input: AuditSnapshotInput): Promise<SnapshotHandle> {
    const { jobId, from, to } = input;
    const workflowId = workflowIdOf(jobId);
    const handle = this.attach(jobId);
    try {
      await this.#client.workflow.start(SNAPSHOT_WORKFLOW, {
        workflowId,
        taskQueue: this.#taskQueue,
        args: [input],
        workflowIdConflictPolicy: 'FAIL',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
        staticSummary: `Seal the audit log ${from} → ${to}`,
        staticDetails: `Job \`${jobId}\`, snapshot \`${snapshotIdOf(jobId)}\`, window ${from} → ${to}, both inclusive.`,
        typedSearchAttributes: firstAttributes(input),
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw toTemporalError(workflowId, error);
      await rejectOtherRun(handle, input, this.#taskQueue);
    }
    return handle;
  }

  /**
   * The handle of a job's latest run. Whether a run exists shows at the first call on the handle: JOB_NOT_FOUND.
   *
   * @example
   * ```ts
   * const { status, recordCount } = await client.attach('day-2026-01-31').describe();
   * ```
   */
  attach(jobId: string): SnapshotHandle {
    return snapshotHandle(this.#client, jobId);
  }

  /**
   * Lists the runs of this task queue: open ones first, then the others by when they closed, latest first. Temporal's list
   * is eventually consistent; a handle is not. USAGE_INVALID, WINDOW_INVALID, TEMPORAL_*.
   *
   * @example
   * ```ts
   * const january = { from: '2026-01-01T00:00:00Z', to: '2026-01-31T23:59:59.999Z' };
   * for await (const run of client.list({ status: 'succeeded', overlaps: january, minFindings: 1 }))
   *   console.log(run.jobId, run.window, run.findings);
   * ```
   */
  async *list(filter: RunFilter = {}): AsyncGenerator<SnapshotRun, void, undefined> {
    const query = runQuery(this.#taskQueue, filter);
    try {
      for await (const info of this.#client.workflow.list({ query })) yield snapshotRunOf(info);
    } catch (error) {
      throw toTemporalError('list of runs', error);
    }
  }

  /**
   * Closes the connection that `connect` opened; runs continue. `await using` calls it at the end of the block.
   *
   * @example
   * ```ts
   * await client.close();
   * ```
   */
  async close(): Promise<void> {
    await this.#connection?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * JOB_CONFLICT unless the existing run seals the same window on the same task queue: attaching to another run, possibly one
 * of another deployment that shares the namespace, would return a snapshot of other records.
 */
async function rejectOtherRun(
  handle: SnapshotHandle,
  { from, to }: AuditSnapshotInput,
  taskQueue: string,
): Promise<void> {
  const run = await handle.describe();
  if (run.taskQueue !== taskQueue) {
    const message = `job ${handle.jobId} belongs to task queue ${run.taskQueue}, not to ${taskQueue}; job ids are unique within a namespace, so choose another one`;
    throw new SnapshotError('JOB_CONFLICT', message);
  }
  const { window } = run;
  if (window === undefined || (isSame(window.from, from) && isSame(window.to, to))) return;
  const message = `job ${handle.jobId} seals ${window.from} → ${window.to}; use another job id for another window`;
  throw new SnapshotError('JOB_CONFLICT', message);
}

function isSame(left: string, right: string): boolean {
  return Date.parse(left) === Date.parse(right);
}
