import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { SnapshotError, messageOf } from '../errors';

/** An unknown error may be a bug: it is tried this often, and not for as long as an attempt lasts. */
const TRIES_OF_UNKNOWN_ERRORS = 5;

/** How soon a window that another snapshot holds is asked for again. */
const BUSY_RETRY = '2s';

/**
 * Maps what an activity throws to what Temporal keeps: the stable code as type, the message, and whether to retry.
 * The cause stays out of it: vendor errors may carry requests, and with them secrets, into the history.
 */
export function toFailure(thrown: unknown): Error {
  if (thrown instanceof CancelledFailure || thrown instanceof ApplicationFailure) return thrown;
  if (thrown instanceof SnapshotError) {
    return ApplicationFailure.create({
      type: thrown.code,
      message: thrown.message,
      nonRetryable: !thrown.retryable,
      ...(thrown.code === 'WINDOW_BUSY' ? { nextRetryDelay: BUSY_RETRY } : {}),
    });
  }
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  return ApplicationFailure.create({
    type: 'INTERNAL',
    message: `${name}: ${messageOf(thrown)}`,
    nonRetryable: activityInfo().attempt >= TRIES_OF_UNKNOWN_ERRORS,
  });
}
