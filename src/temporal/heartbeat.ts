import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';

/** Well under the heartbeat timeout of every activity, with room for Temporal's throttling. */
const HEARTBEAT_MS = 2_000;

/**
 * Runs the work of an activity and heartbeats meanwhile, so that a cancellation, a pause or a lost worker is noticed
 * within seconds. `run` gets a signal for cancellation, a function that records progress with the next heartbeat, and
 * `last`: the progress that an earlier attempt recorded, as far as Temporal received it. When the signal is aborted its own
 * reason is rethrown: anything else would count as a failure of the work.
 */
export async function withHeartbeat<T>(
  run: (signal: AbortSignal, reportProgress: (detail: unknown) => void, last: unknown) => Promise<T>,
): Promise<T> {
  const signal = cancellationSignal();
  let detail: unknown;
  const timer = setInterval(() => heartbeat(detail), HEARTBEAT_MS);
  try {
    signal.throwIfAborted();
    const reportProgress = (latest: unknown): void => {
      detail = latest;
      heartbeat(latest);
    };
    return await run(signal, reportProgress, activityInfo().heartbeatDetails);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error;
  } finally {
    clearInterval(timer);
  }
}
