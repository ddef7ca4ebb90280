import { setTimeout as pause } from 'node:timers/promises';
import type { Progress } from '../contract/snapshot';

export interface FollowOptions {
  /** Aborted, the loop ends by throwing the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Between two questions. Default 1000. */
  readonly intervalMs?: number | undefined;
  /** Called after each question: whether a worker answered it. */
  readonly onAnswer?: ((answered: boolean) => void) | undefined;
}

export interface Followed {
  /** Asks once; rejects when no worker answers. */
  progress(): Promise<Progress>;
  /** Settles when the run has ended, however it ended; rejects when that cannot be known. */
  ended(signal: AbortSignal): Promise<void>;
}

const INTERVAL_MS = 1_000;

/**
 * Yields the progress of a run at first and whenever it has changed, and ends with the run. Progress is a courtesy: a
 * question that nobody answers is asked again, and what does not answer at the end is not waited for.
 */
export async function* followProgress(
  run: Followed,
  options: FollowOptions = {},
): AsyncGenerator<Progress, void, undefined> {
  const { intervalMs = INTERVAL_MS, onAnswer } = options;
  const left = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal;
  let running = true;
  const over = run.ended(signal).then(() => {
    running = false;
    return undefined;
  });
  // Raced below; whoever has left the loop does not hear of it any more.
  over.catch(() => undefined);
  const ask = async () => {
    const progress = await run.progress().catch(() => undefined);
    onAnswer?.(progress !== undefined);
    return progress;
  };
  let shown: string | undefined;
  try {
    for (;;) {
      const last = !running;
      // A question that is still open when the run ends is asked once more, behind the end.
      const progress = await (last ? ask() : Promise.race([over, ask()]));
      const text = JSON.stringify(progress);
      if (progress && text !== shown) {
        shown = text;
        yield progress;
      }
      if (last) return;
      await Promise.race([over, pause(intervalMs, undefined, { signal }).catch(() => undefined)]);
    }
  } finally {
    left.abort();
  }
}
