import { WorkflowFailedError, WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { failureOf } from '../contract/failure';
import type { AuditSnapshotInput, AuditSnapshotResult } from '../contract/snapshot';
import { ERROR_CODES, SnapshotError } from '../errors';
import { toTemporalError } from '../temporal/errors';

/** The type of auditSnapshotWorkflow. */
export type SnapshotWorkflow = (input: AuditSnapshotInput) => Promise<AuditSnapshotResult>;

/** How a run ended. A call that failed is not an outcome: it rejects. */
export type RunOutcome =
  | { readonly ok: true; readonly result: AuditSnapshotResult }
  | { readonly ok: false; readonly error: SnapshotError };

/** Waits for the end of a run, across continue-as-new. JOB_NOT_FOUND, TEMPORAL_*. */
export async function outcomeOf(
  jobId: string,
  handle: WorkflowHandle<SnapshotWorkflow>,
): Promise<RunOutcome> {
  return onRun(jobId, async () => {
    try {
      return { ok: true, result: await handle.result() };
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) throw error;
      return { ok: false, error: toRunError(jobId, error.cause) };
    }
  });
}

/** Makes a call on the run of a job; its failures are JOB_NOT_FOUND and TEMPORAL_*. */
export async function onRun<T>(jobId: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) {
      throw new SnapshotError('JOB_NOT_FOUND', `Temporal has no run of job ${jobId}`);
    }
    throw toTemporalError(`run of job ${jobId}`, error);
  }
}

function toRunError(jobId: string, cause: Error | undefined): SnapshotError {
  const failure = failureOf(cause ?? new Error(`the run of job ${jobId} ended without a result`));
  const code = ERROR_CODES.find((known) => known === failure.code) ?? 'INTERNAL';
  if (code === 'JOB_CANCELLED') return new SnapshotError(code, `the run of job ${jobId} was cancelled`);
  if (code === 'JOB_TERMINATED') {
    const message = `the run of job ${jobId} was terminated; submit the job again to resume it`;
    return new SnapshotError(code, message);
  }
  return new SnapshotError(code, failure.message);
}
