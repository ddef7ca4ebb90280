import { setTimeout as pause } from 'node:timers/promises';
import type { SnapshotHandle } from '../client';
import type { AuditSnapshotResult, Progress } from '../contract/snapshot';
import { showProgress, updateOf } from './progressLine';

const POLL_MS = 500;
/** As long as a worker that is busy may take to answer; behind it the person is told. */
const SILENCE_MS = 10_000;

/** What came of following a run: its result, or that the person went away while it goes on. */
export type Followed = { readonly result: AuditSnapshotResult } | { readonly detached: true };

/** Shows the progress of a run until it ends or Ctrl-C is pressed; the run itself is not touched by that. */
export async function followRun(handle: SnapshotHandle, note: (line: string) => void): Promise<Followed> {
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.once('SIGINT', onInterrupt);
  const display = showProgress(process.stderr);
  const ended = new AbortController();
  const silence = noteSilence(note);
  const watching = watch(handle, AbortSignal.any([stop.signal, ended.signal]), (progress) => {
    silence(progress !== undefined);
    if (progress) display.update(...updateOf(progress));
  });
  const detached = new Promise<Followed>((resolve) => {
    stop.signal.addEventListener('abort', () => resolve({ detached: true }), { once: true });
  });
  try {
    return await Promise.race([handle.result().then((result) => ({ result })), detached]);
  } finally {
    ended.abort();
    await watching;
    display.end();
    process.off('SIGINT', onInterrupt);
  }
}

/** Says once for each silence that no worker answers: without one a run waits for ever, and nothing else would show it. */
export function noteSilence(
  note: (line: string) => void,
  nowMs: () => number = Date.now,
): (answered: boolean) => void {
  let heardMs = nowMs();
  let told = false;
  return (answered) => {
    if (answered) {
      heardMs = nowMs();
      told = false;
    } else if (!told && nowMs() - heardMs >= SILENCE_MS) {
      told = true;
      note(
        'no worker has answered for a while; the run waits until one does: ' +
          'is audit-snapshot worker running, on the same TEMPORAL_NAMESPACE and TEMPORAL_TASK_QUEUE?',
      );
    }
  };
}

/** Progress is a courtesy: a query that fails (no worker, say) is asked again, and the result decides. */
async function watch(
  handle: SnapshotHandle,
  signal: AbortSignal,
  onAnswer: (progress: Progress | undefined) => void,
): Promise<void> {
  while (!signal.aborted) {
    const progress = await Promise.race([
      handle.progress().catch(() => undefined),
      pause(4 * POLL_MS, undefined, { signal }).catch(() => undefined),
    ]);
    if (!signal.aborted) onAnswer(progress);
    await pause(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
