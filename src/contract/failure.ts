import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { messageOf, SnapshotError } from '../errors';

/** A failure as it crosses Temporal: a stable code of `ERROR_CODES`, and a message for people. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/**
 * What an activity, a child workflow or a run failed with. Temporal's own ways to end a run have codes as well:
 * JOB_CANCELLED, JOB_TERMINATED, ATTEMPT_TIMED_OUT; anything else without a code is INTERNAL.
 */
export function failureOf(thrown: unknown): Failure {
  const cause = unwrapFailure(thrown);
  return { code: codeOf(cause), message: messageOf(cause) };
}

/** The failure itself: Temporal wraps it in an error that only names the activity or the child workflow. */
export function unwrapFailure(thrown: unknown): unknown {
  const wrapped = thrown instanceof ActivityFailure || thrown instanceof ChildWorkflowFailure;
  return wrapped ? (thrown.cause ?? thrown) : thrown;
}

/**
 * Runs a check in workflow code: a SnapshotError fails the workflow with its code. Any other error is a bug to Temporal,
 * which retries the workflow task until the code is fixed.
 */
export function orFailWorkflow<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    throw ApplicationFailure.nonRetryable(error.message, error.code);
  }
}

function codeOf(cause: unknown): string {
  if (cause instanceof ApplicationFailure) return cause.type ?? 'INTERNAL';
  if (cause instanceof TimeoutFailure) return 'ATTEMPT_TIMED_OUT';
  if (cause instanceof CancelledFailure) return 'JOB_CANCELLED';
  if (cause instanceof TerminatedFailure) return 'JOB_TERMINATED';
  return 'INTERNAL';
}
