import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { PROGRESS_QUERY, snapshotIdOf, workflowIdOf } from '../contract/names';
import type { AuditSnapshotResult, Progress } from '../contract/snapshot';
import { isSnapshotError, SnapshotError } from '../errors';
import { GRPC_STATUS, grpcStatusOf } from '../temporal/errors';
import { followProgress, type FollowOptions } from './followProgress';
import { onRun, outcomeOf, type SnapshotWorkflow } from './runOutcome';
import { snapshotRunOf, type SnapshotRun } from './snapshotRun';
import { withWaitOptions, type WaitOptions } from './waitOptions';

/**
 * The latest workflow run of a job. A handle exists for any job id; every method rejects with JOB_NOT_FOUND where Temporal
 * has no run, and with TEMPORAL_* where a call fails.
 */
export interface SnapshotHandle {
  readonly jobId: string;
  readonly snapshotId: string;
  readonly workflowId: string;
  /**
   * Resolves with the result when the run has succeeded. A run that ended otherwise rejects with its stable code, such as
   * TAMPER_FOUND, JOB_CANCELLED or JOB_TERMINATED. WAIT_TIMED_OUT: the run continues.
   *
   * @example
   * ```ts
   * try {
   *   const { recordCount, findingCount } = await run.wait({ timeoutMs: 60_000 });
   *   console.log(recordCount, findingCount);
   * } catch (error) {
   *   if (!isSnapshotError(error, 'WAIT_TIMED_OUT')) throw error;
   *   console.log('still running');
   * }
   * ```
   */
  wait(options?: WaitOptions): Promise<AuditSnapshotResult>;
  /**
   * `wait` without limits, under the name that Temporal's own handles use.
   *
   * @example
   * ```ts
   * const { snapshotId } = await run.result();
   * ```
   */
  result(): Promise<AuditSnapshotResult>;
  /**
   * Queries the progress once, and asks Temporal why a call is tried again. A worker answers; WORKER_UNAVAILABLE when none does within ten seconds.
   *
   * @example
   * ```ts
   * const { stage, hashed, expected } = await run.progress();
   * ```
   */
  progress(): Promise<Progress>;
  /**
   * Iterates over every change of progress and ends with the run, whose outcome `wait` then returns. Without workers it
   * waits for them; when the caller leaves the loop, nothing keeps running.
   *
   * @example
   * ```ts
   * for await (const { stage, hashed } of run.follow({ intervalMs: 2_000 })) console.log(stage, hashed);
   * ```
   */
  follow(options?: FollowOptions): AsyncIterable<Progress>;
  /**
   * Status, stage, window and counts as Temporal stores them; needs no worker.
   *
   * @example
   * ```ts
   * const { status, stage, startedAt } = await run.describe();
   * ```
   */
  describe(): Promise<SnapshotRun>;
  /**
   * Requests cancellation and returns without waiting for it. Before signing the run rolls back, from signing on it finishes
   * anyway; a run that has ended is left alone.
   *
   * @example
   * ```ts
   * await run.cancel();
   * await run.wait().catch((error) => console.log(error.code)); // JOB_CANCELLED
   * ```
   */
  cancel(): Promise<void>;
}

const PROGRESS_TIMEOUT_MS = 10_000;
/** Nothing polls the task queue, or the time for an answer is over. */
const NO_ANSWER: readonly number[] = [
  GRPC_STATUS.FAILED_PRECONDITION,
  GRPC_STATUS.DEADLINE_EXCEEDED,
  GRPC_STATUS.CANCELLED,
];

/** The handle of a job's latest run. */
export function snapshotHandle(client: Client, jobId: string): SnapshotHandle {
  const workflowId = workflowIdOf(jobId);
  const handle = client.workflow.getHandle<SnapshotWorkflow>(workflowId);
  const outcome = (options: WaitOptions) =>
    withWaitOptions(client, `the end of job ${jobId}`, options, () => outcomeOf(jobId, handle));
  const wait = async (options: WaitOptions = {}) => {
    const ended = await outcome(options);
    if (ended.ok) return ended.result;
    throw ended.error;
  };
  const progress = () => queryProgress(client, jobId, handle);
  const ended = async (signal: AbortSignal) => void (await outcome({ signal }));
  const describe = () => onRun(jobId, async () => snapshotRunOf(await handle.describe()));
  return {
    jobId,
    snapshotId: snapshotIdOf(jobId),
    workflowId,
    wait,
    result: () => wait(),
    progress,
    follow: (options) => followProgress({ progress, ended }, options),
    describe,
    async cancel() {
      try {
        await onRun(jobId, () => handle.cancel());
      } catch (error) {
        // Temporal answers "not found" for a run that has ended, too; describe tells the two apart.
        if (!isSnapshotError(error, 'JOB_NOT_FOUND')) throw error;
        await describe();
      }
    },
  };
}

/** The workflow does not learn of failed calls that Temporal repeats. */
function retriedFailure({ pendingActivities }: WorkflowExecutionDescription['raw']): string | undefined {
  const failed = pendingActivities?.find(({ lastFailure }) => lastFailure?.message)?.lastFailure;
  const code = failed?.applicationFailureInfo?.type;
  return failed?.message ? `${code ? `${code}: ` : ''}${failed.message}` : undefined;
}

function queryProgress(
  client: Client,
  jobId: string,
  handle: WorkflowHandle<SnapshotWorkflow>,
): Promise<Progress> {
  return onRun(jobId, async () => {
    try {
      const [progress, { raw }] = await client.withDeadline(Date.now() + PROGRESS_TIMEOUT_MS, () =>
        Promise.all([handle.query<Progress>(PROGRESS_QUERY), handle.describe()]),
      );
      const retrying = retriedFailure(raw);
      return retrying === undefined ? progress : { ...progress, retrying };
    } catch (error) {
      const status = grpcStatusOf(error);
      if (status === undefined || !NO_ANSWER.includes(status)) throw error;
      const message = `run of job ${jobId}: no worker answers; is one running on its task queue?`;
      throw new SnapshotError('WORKER_UNAVAILABLE', message, { retryable: true, cause: error });
    }
  });
}
