import type { Client } from '@temporalio/client';
import { SnapshotError } from '../errors';

/** How long somebody is ready to wait. Neither limit touches the run itself. */
export interface WaitOptions {
  /** Aborted, the wait rejects with the signal's reason, as `fetch` does. */
  readonly signal?: AbortSignal | undefined;
  /** After so many milliseconds the wait rejects with WAIT_TIMED_OUT. Default: as long as it takes. */
  readonly timeoutMs?: number | undefined;
}

/** Longer timers would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Makes Temporal calls that end when the caller's patience does. `what` is waited for, in words. */
export async function withPatience<T>(
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
  const over = AbortSignal.any(limits);
  try {
    return await unlessAborted(over, () => client.withAbortSignal(over, call));
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    if (timer?.aborted !== true) throw error;
    const message = `${what}: not within ${timeoutMs} ms; it goes on`;
    throw new SnapshotError('WAIT_TIMED_OUT', message, { retryable: true });
  }
}

/** The SDK cancels its calls on the event alone: a signal that is aborted already, or between two calls, would be missed. */
function unlessAborted<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    call().then(resolve, reject);
  });
}
