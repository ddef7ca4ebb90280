import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';

/** Well under the time after which Temporal gives a silent activity up, with room for its throttling. */
const HEARTBEAT_MS = 2_000;

/**
 * Beats while `run` works, so that a cancel, a pause or a lost worker is noticed within seconds. An abort is rethrown
 * as the signal's own reason: anything else would be taken for a failure of the work. `last` is what an earlier try noted
 * last, as far as it became known: something to go on from, never more than it says.
 */
export async function withHeartbeat<T>(
  run: (signal: AbortSignal, note: (detail: unknown) => void, last: unknown) => Promise<T>,
): Promise<T> {
  const signal = cancellationSignal();
  let detail: unknown;
  const timer = setInterval(() => heartbeat(detail), HEARTBEAT_MS);
  try {
    signal.throwIfAborted();
    const note = (latest: unknown): void => {
      detail = latest;
      heartbeat(latest);
    };
    return await run(signal, note, activityInfo().heartbeatDetails);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error;
  } finally {
    clearInterval(timer);
  }
}
