import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { messageOf } from '../errors';

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

/** The failure itself: Temporal hands it on inside an error that only names the activity or the child workflow. */
export function unwrapFailure(thrown: unknown): unknown {
  const wrapped = thrown instanceof ActivityFailure || thrown instanceof ChildWorkflowFailure;
  return wrapped ? (thrown.cause ?? thrown) : thrown;
}

function codeOf(cause: unknown): string {
  if (cause instanceof ApplicationFailure) return cause.type ?? 'INTERNAL';
  if (cause instanceof TimeoutFailure) return 'ATTEMPT_TIMED_OUT';
  if (cause instanceof CancelledFailure) return 'JOB_CANCELLED';
  if (cause instanceof TerminatedFailure) return 'JOB_TERMINATED';
  return 'INTERNAL';
}
