import { createHash } from 'node:crypto';
import { hasEnded, type JobState } from './polling/jobPoller';
import { viewOf } from './jobView';

/** Proxies close what is silent for a minute. */
const KEEP_ALIVE_MS = 15_000;
const RECONNECT_MS = 2_000;

/**
 * A job as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): `progress` whenever
 * something changed, last of all `result`, `failed` or `cancelled`. An id names what its event says, so whoever comes
 * back with `lastEventId` does not hear the same again.
 */
export async function* eventStream(
  sightings: AsyncIterable<JobState>,
  lastEventId: string | undefined,
  nowMs: () => number,
): AsyncGenerator<string> {
  let saidId = lastEventId;
  let saidAtMs = nowMs();
  yield `retry: ${RECONNECT_MS}\n\n`;
  for await (const sighting of sightings) {
    const { id, text } = eventOf(sighting);
    if (id !== saidId) yield text;
    else if (nowMs() - saidAtMs >= KEEP_ALIVE_MS) yield ': still there\n\n';
    else continue;
    saidId = id;
    saidAtMs = nowMs();
  }
}

/** True when that event was the last one of this job: there is nothing more to come. */
export function wasLast(sighting: JobState, lastEventId: string | undefined): boolean {
  return hasEnded(sighting.job) && eventOf(sighting).id === lastEventId;
}

function eventOf({ job, progress }: JobState): { id: string; text: string } {
  // A line break would end the field; JSON has none outside its strings, and within them it is escaped.
  const data = JSON.stringify(viewOf(job, progress));
  const id = createHash('sha256').update(data).digest('hex').slice(0, 16);
  return { id, text: `id: ${id}\nevent: ${nameOf(job)}\ndata: ${data}\n\n` };
}

function nameOf(job: JobState['job']): string {
  if (!hasEnded(job)) return 'progress';
  return job.status === 'succeeded' ? 'result' : job.status;
}
