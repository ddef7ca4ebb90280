import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { SnapshotError, messageOf } from '../errors';

/** An unknown error may be a bug, so it gets this many attempts and not as many as the time limit allows. */
const ATTEMPTS_AFTER_UNKNOWN_ERRORS = 5;

/** Our messages have a few hundred characters; one of another library may quote what it was given. */
const MAX_MESSAGE_CHARS = 4_000;

/** How soon a window that another snapshot holds is requested again. */
const BUSY_RETRY = '2s';

/**
 * Maps what an activity throws to the failure that Temporal stores: the stable code as `type`, the message, and whether to
 * retry. The cause is dropped: vendor errors may carry requests, and with them secrets, into the history.
 */
export function toFailure(thrown: unknown): Error {
  if (thrown instanceof CancelledFailure || thrown instanceof ApplicationFailure) return thrown;
  if (thrown instanceof SnapshotError) {
    return ApplicationFailure.create({
      type: thrown.code,
      message: limited(thrown.message),
      nonRetryable: !thrown.retryable,
      ...(thrown.code === 'WINDOW_BUSY' ? { nextRetryDelay: BUSY_RETRY } : {}),
    });
  }
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  return ApplicationFailure.create({
    type: 'INTERNAL',
    message: limited(`${name}: ${messageOf(thrown)}`),
    nonRetryable: activityInfo().attempt >= ATTEMPTS_AFTER_UNKNOWN_ERRORS,
  });
}

function limited(message: string): string {
  return message.length > MAX_MESSAGE_CHARS ? `${message.slice(0, MAX_MESSAGE_CHARS)}…` : message;
}
