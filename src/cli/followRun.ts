import { setTimeout as pause } from 'node:timers/promises';
import type { SnapshotHandle } from '../client';
import type { AuditSnapshotResult } from '../contract/snapshot';
import { showProgress, updateOf } from './progressLine';

const POLL_MS = 500;

/** What came of following a run: its result, or that the person went away while it goes on. */
export type Followed = { readonly result: AuditSnapshotResult } | { readonly detached: true };

/** Shows the progress of a run until it ends or Ctrl-C is pressed; the run itself is not touched by that. */
export async function followRun(handle: SnapshotHandle): Promise<Followed> {
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.once('SIGINT', onInterrupt);
  const display = showProgress(process.stderr);
  const ended = new AbortController();
  const watching = watch(handle, display.update, AbortSignal.any([stop.signal, ended.signal]));
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

/** Progress is a courtesy: a query that fails (no worker, say) is asked again, and the result decides. */
async function watch(
  handle: SnapshotHandle,
  update: (stage: string, done: number, total: number | undefined) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const progress = await Promise.race([
      handle.progress().catch(() => undefined),
      pause(4 * POLL_MS, undefined, { signal }).catch(() => undefined),
    ]);
    if (progress && !signal.aborted) update(...updateOf(progress));
    await pause(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
