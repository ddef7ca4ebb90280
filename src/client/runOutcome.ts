import { WorkflowFailedError, WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { toTemporalError } from '../temporal/connection';
import type { AuditSnapshotResult } from '../contract/snapshot';
import { ERROR_CODES, SnapshotError, type ErrorCode } from '../errors';

/** How a run ended. A call that failed is no outcome: it is thrown. */
export type RunOutcome =
  | { readonly ok: true; readonly result: AuditSnapshotResult }
  | { readonly ok: false; readonly error: SnapshotError };

/** Waits for the end of a run, over continue-as-new. JOB_NOT_FOUND, TEMPORAL_*. */
export async function outcomeOf(jobId: string, handle: WorkflowHandle): Promise<RunOutcome> {
  return onRun(jobId, async () => {
    try {
      return { ok: true, result: (await handle.result()) as AuditSnapshotResult };
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
      throw new SnapshotError('JOB_NOT_FOUND', `Temporal knows no run of job ${jobId}`);
    }
    throw toTemporalError(`run of job ${jobId}`, error);
  }
}

function toRunError(jobId: string, cause: Error | undefined): SnapshotError {
  if (cause instanceof CancelledFailure) {
    return new SnapshotError('JOB_CANCELLED', `the run of job ${jobId} was cancelled`);
  }
  if (cause instanceof TerminatedFailure) {
    const message = `the run of job ${jobId} was terminated; submit the job again and it goes on where it stopped`;
    return new SnapshotError('JOB_TERMINATED', message);
  }
  const type = cause instanceof ApplicationFailure ? cause.type : undefined;
  const code: ErrorCode = ERROR_CODES.find((known) => known === type) ?? 'INTERNAL';
  return new SnapshotError(code, cause?.message ?? `the run of job ${jobId} ended without a result`);
}
