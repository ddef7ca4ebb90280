import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';

/** Well under the heartbeat timeout of every activity, with room for Temporal's throttling. */
const HEARTBEAT_MS = 2_000;

/**
 * Sends heartbeats while `run` works, so that a cancel, a pause or a lost worker is noticed within seconds. An abort is
 * rethrown as the signal's own reason: any other error would count as a failure of the work. `previousHeartbeat` is what
 * an earlier try of this activity reported last, as far as Temporal received it: work may have gone further than it says.
 */
export async function withHeartbeat<T>(
  run: (
    signal: AbortSignal,
    reportProgress: (detail: unknown) => void,
    previousHeartbeat: unknown,
  ) => Promise<T>,
): Promise<T> {
  const signal = cancellationSignal();
  let latest: unknown;
  const timer = setInterval(() => heartbeat(latest), HEARTBEAT_MS);
  const reportProgress = (detail: unknown): void => {
    latest = detail;
    heartbeat(detail);
  };
  try {
    signal.throwIfAborted();
    return await run(signal, reportProgress, activityInfo().heartbeatDetails);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error;
  } finally {
    clearInterval(timer);
  }
}
