import type { Client } from '@temporalio/client';
import { grpcCodeOf } from '../temporal/connection';
import { PROGRESS_QUERY, snapshotIdOf, workflowIdOf } from '../contract/names';
import type { AuditSnapshotResult, Progress } from '../contract/snapshot';
import { isSnapshotError, SnapshotError } from '../errors';
import { followProgress, type FollowOptions } from './followProgress';
import { withPatience, type WaitOptions } from './waitOptions';
import { onRun, outcomeOf } from './runOutcome';
import { snapshotRunOf, type SnapshotRun } from './snapshotRun';

/** One run of auditSnapshotWorkflow, by its job. Whether there is one shows at the first call: JOB_NOT_FOUND. */
export interface SnapshotHandle {
  readonly jobId: string;
  readonly snapshotId: string;
  readonly workflowId: string;
  /** The result, when the run has ended. A run that ended otherwise rejects with its stable code. */
  wait(options?: WaitOptions): Promise<AuditSnapshotResult>;
  /** `wait` without limits, by the name that Temporal's own handles use. */
  result(): Promise<AuditSnapshotResult>;
  /** How far the run is, asked once. A worker answers; without one WORKER_UNAVAILABLE. */
  progress(): Promise<Progress>;
  /** `for await` over every change of progress; ends with the run, whose outcome `wait` then gives. */
  follow(options?: FollowOptions): AsyncIterable<Progress>;
  /** Status, stage and counts as Temporal knows them, without a worker. */
  describe(): Promise<SnapshotRun>;
  /** Asks the run to stop. Before signing it rolls back, from signing on it finishes; one that has ended stays as it is. */
  cancel(): Promise<void>;
}

const PROGRESS_MS = 10_000;
/** FAILED_PRECONDITION, DEADLINE_EXCEEDED, CANCELLED: nobody polls the task queue, or the time for an answer is over. */
const GRPC_UNANSWERED = [9, 4, 1];

/** The handle of a job's latest run. */
export function snapshotHandle(client: Client, jobId: string): SnapshotHandle {
  const workflowId = workflowIdOf(jobId);
  const handle = client.workflow.getHandle(workflowId);
  const describe = () => onRun(jobId, async () => snapshotRunOf(await handle.describe()));
  const outcome = (options: WaitOptions) =>
    withPatience(client, `the end of job ${jobId}`, options, () => outcomeOf(jobId, handle));
  const wait = async (options: WaitOptions = {}) => {
    const ended = await outcome(options);
    if (ended.ok) return ended.result;
    throw ended.error;
  };
  const progress = () =>
    onRun(jobId, async () => {
      try {
        return await client.withDeadline(Date.now() + PROGRESS_MS, () =>
          handle.query<Progress>(PROGRESS_QUERY),
        );
      } catch (error) {
        const code = grpcCodeOf(error);
        if (code === undefined || !GRPC_UNANSWERED.includes(code)) throw error;
        const message = `run of job ${jobId}: no worker answers; is one running on its task queue?`;
        throw new SnapshotError('WORKER_UNAVAILABLE', message, { retryable: true, cause: error });
      }
    });
  return {
    jobId,
    snapshotId: snapshotIdOf(jobId),
    workflowId,
    wait,
    result: () => wait(),
    progress,
    follow: (options) =>
      followProgress({ progress, ended: async (signal) => void (await outcome({ signal })) }, options),
    describe,
    cancel: async () => {
      try {
        await onRun(jobId, () => handle.cancel());
      } catch (error) {
        // Temporal says "not found" of a run that has ended as well.
        if (!isSnapshotError(error, 'JOB_NOT_FOUND')) throw error;
        await describe();
      }
    },
  };
}
