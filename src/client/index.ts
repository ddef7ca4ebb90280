import { WorkflowExecutionAlreadyStartedError, type Client, type Connection } from '@temporalio/client';
import { connectTemporal, toTemporalError, type TemporalAddress } from '../temporal/connection';
import { firstAttributes } from './runAttributes';
import { runQuery, type RunFilter } from './runFilter';
import { snapshotHandle, type SnapshotHandle } from './snapshotHandle';
import { snapshotRunOf, type SnapshotRun } from './snapshotRun';
import { readSubmission, type SubmitOptions, type WindowInput } from './submission';
import { SNAPSHOT_WORKFLOW, snapshotIdOf, TASK_QUEUE, workflowIdOf } from '../contract/names';
import type { AuditSnapshotInput } from '../contract/snapshot';
import { SnapshotError } from '../errors';

// This file is the package's entry for other services: what their code has to name is exported here.
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
} from '../contract/snapshot';
export type { Window } from '../contract/window';

/** Where Temporal is; `namespace` is `default`, and `taskQueue` that of the workers, unless given. */
export interface ConnectOptions extends Omit<TemporalAddress, 'namespace'> {
  readonly namespace?: string | undefined;
  readonly taskQueue?: string | undefined;
}

/** Starts and follows snapshots through Temporal's client SDK, from any service. */
export class AuditSnapshotClient {
  readonly #client: Client;
  readonly #taskQueue: string;
  #connection: Connection | undefined;

  /** Around a Temporal client that is there already; whoever made it closes it. */
  constructor(client: Client, taskQueue: string = TASK_QUEUE) {
    this.#client = client;
    this.#taskQueue = taskQueue;
  }

  /** Connects, and fails within ten seconds when Temporal or the namespace is not there. TEMPORAL_*. */
  static async connect(options: ConnectOptions): Promise<AuditSnapshotClient> {
    const { namespace = 'default', taskQueue, ...where } = options;
    const { connection, client } = await connectTemporal({ ...where, namespace });
    const connected = new AuditSnapshotClient(client, taskQueue);
    connected.#connection = connection;
    return connected;
  }

  /**
   * Starts the snapshot of a window. With a job id of your own it is idempotent: a run that is under way or has succeeded
   * is attached to, one that failed goes on from its checkpoint. WINDOW_INVALID, PAYLOAD_INVALID, JOB_CONFLICT, TEMPORAL_*.
   */
  async submit(window: WindowInput, options: SubmitOptions = {}): Promise<SnapshotHandle> {
    return this.start(readSubmission(window, options, Date.now()));
  }

  /** `submit` of an input that was checked already; the window is canonical. JOB_CONFLICT, TEMPORAL_*. */
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
      await refuseOtherRun(handle, input, this.#taskQueue);
    }
    return handle;
  }

  /** The latest run of a job; whether there is one shows at the first call on it. */
  attach(jobId: string): SnapshotHandle {
    return snapshotHandle(this.#client, jobId);
  }

  /**
   * The runs of this task queue: open ones first, then those that closed last. Temporal's list lags a run by a moment;
   * ask the handle when it matters. USAGE_INVALID, WINDOW_INVALID, TEMPORAL_*.
   */
  async *list(filter: RunFilter = {}): AsyncGenerator<SnapshotRun, void, undefined> {
    const query = runQuery(this.#taskQueue, filter);
    try {
      for await (const info of this.#client.workflow.list({ query })) yield snapshotRunOf(info);
    } catch (error) {
      throw toTemporalError('list of runs', error);
    }
  }

  /** Closes the connection that `connect` made; runs go on. */
  async close(): Promise<void> {
    await this.#connection?.close();
  }
}

/**
 * The same job twice is one run, so a second window under its id would be answered with the wrong records, and so would
 * the job of another product that shares the namespace.
 */
async function refuseOtherRun(
  handle: SnapshotHandle,
  { from, to }: AuditSnapshotInput,
  taskQueue: string,
): Promise<void> {
  const run = await handle.describe();
  if (run.taskQueue !== taskQueue) {
    const message = `job ${handle.jobId} belongs to task queue ${run.taskQueue}, not to ${taskQueue}; job ids are shared by all task queues of a namespace, so choose another one`;
    throw new SnapshotError('JOB_CONFLICT', message);
  }
  const { window } = run;
  if (window === undefined || (isSame(window.from, from) && isSame(window.to, to))) return;
  const message = `job ${handle.jobId} seals ${window.from} → ${window.to}; another window needs another job`;
  throw new SnapshotError('JOB_CONFLICT', message);
}

function isSame(left: string, right: string): boolean {
  return Date.parse(left) === Date.parse(right);
}
