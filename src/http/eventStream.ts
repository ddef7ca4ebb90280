import { createHash } from 'node:crypto';
import { viewOf } from './jobView';
import { hasEnded, type JobState } from './polling/jobPoller';

/** Proxies close a connection that is silent for a minute. */
const KEEP_ALIVE_MS = 15_000;
const RECONNECT_MS = 2_000;

/**
 * The states of a job as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): `progress` at
 * every change, finally `result`, `failed` or `cancelled`. An event id derives from the content of its event, so a client
 * that reconnects with `lastEventId` does not receive the same event again.
 */
export async function* eventStream(
  states: AsyncIterable<JobState>,
  lastEventId: string | undefined,
  nowMs: () => number,
): AsyncGenerator<string> {
  let sentId = lastEventId;
  let sentAtMs = nowMs();
  yield `retry: ${RECONNECT_MS}\n\n`;
  for await (const state of states) {
    const { id, text } = eventOf(state);
    if (id !== sentId) yield text;
    else if (nowMs() - sentAtMs >= KEEP_ALIVE_MS) yield ': keep-alive\n\n';
    else continue;
    sentId = id;
    sentAtMs = nowMs();
  }
}

/** True when `lastEventId` is the final event of this job: nothing more will come. */
export function wasLast(state: JobState, lastEventId: string | undefined): boolean {
  return hasEnded(state.job) && eventOf(state).id === lastEventId;
}

function eventOf({ job, progress }: JobState): { id: string; text: string } {
  // A line break would end the field; JSON has none outside its strings, and within them it is escaped.
  const data = JSON.stringify(viewOf(job, progress));
  const id = createHash('sha256').update(data).digest('hex').slice(0, 16);
  return { id, text: `id: ${id}\nevent: ${eventNameOf(job)}\ndata: ${data}\n\n` };
}

function eventNameOf(job: JobState['job']): string {
  if (!hasEnded(job)) return 'progress';
  return job.status === 'succeeded' ? 'result' : job.status;
}
