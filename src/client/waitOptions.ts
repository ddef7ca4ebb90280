import type { Client } from '@temporalio/client';
import { SnapshotError } from '../errors';

/** Limits of a wait. Neither of them affects the run itself. */
export interface WaitOptions {
  /** When it is aborted, the wait rejects with the signal's reason, as `fetch` does. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which the wait rejects with WAIT_TIMED_OUT. Default: none. */
  readonly timeoutMs?: number | undefined;
}

/** Longer timers would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Makes Temporal calls that end with the wait options of the caller. `what` names in words what is waited for. */
export async function withWaitOptions<T>(
  client: Client,
  what: string,
  { signal, timeoutMs }: WaitOptions,
  call: () => Promise<T>,
): Promise<T> {
  if (timeoutMs !== undefined && !(timeoutMs >= 0))
    throw new SnapshotError('USAGE_INVALID', 'timeoutMs is not a number of milliseconds from 0');
  const timer =
    timeoutMs === undefined ? undefined : AbortSignal.timeout(Math.min(timeoutMs, LONGEST_TIMER_MS));
  const limits = [signal, timer].filter((limit) => limit !== undefined);
  if (limits.length === 0) return call();

  const limit = AbortSignal.any(limits);
  try {
    return await unlessAborted(limit, () => client.withAbortSignal(limit, call));
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    if (timer?.aborted !== true) throw error;
    const message = `${what} was not reached within ${timeoutMs} ms; the run continues`;
    throw new SnapshotError('WAIT_TIMED_OUT', message, { retryable: true });
  }
}

/** The SDK cancels calls on the event only: it would miss a signal that was aborted before, or between two calls. */
function unlessAborted<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    call().then(resolve, reject);
  });
}
