import { setTimeout as delay } from 'node:timers/promises';
import type { Progress } from '../contract/snapshot';

export interface FollowOptions {
  /** When it is aborted, the loop ends by throwing the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Time between two progress queries. Default 1000. */
  readonly intervalMs?: number | undefined;
  /** Called after each query: whether a worker answered it. */
  readonly onAnswer?: ((answered: boolean) => void) | undefined;
}

/** The run to follow, reduced to two questions. */
export interface FollowedRun {
  /** Queries once; rejects when no worker answers. */
  progress(): Promise<Progress>;
  /** Resolves when the run has ended, however it ended; rejects when that cannot be determined. */
  ended(signal: AbortSignal): Promise<void>;
}

const INTERVAL_MS = 1_000;

/**
 * Yields the progress of a run at the start and at every change, and ends with the run. Progress is best effort: a query
 * that fails is repeated after the interval, and a final query that fails is not repeated.
 */
export async function* followProgress(
  run: FollowedRun,
  options: FollowOptions = {},
): AsyncGenerator<Progress, void, undefined> {
  const { intervalMs = INTERVAL_MS, onAnswer } = options;
  const left = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal;
  let running = true;
  const ended = run.ended(signal).then(() => {
    running = false;
    return undefined;
  });
  // It is raced below, and nothing listens once the caller has left the loop.
  ended.catch(() => undefined);
  const query = async () => {
    const progress = await run.progress().catch(() => undefined);
    onAnswer?.(progress !== undefined);
    return progress;
  };

  let lastText: string | undefined;
  try {
    for (;;) {
      const isFinal = !running;
      // A query that is still open when the run ends is dropped, and repeated once after the end.
      const progress = await (isFinal ? query() : Promise.race([ended, query()]));
      const text = JSON.stringify(progress);
      if (progress && text !== lastText) {
        lastText = text;
        yield progress;
      }
      if (isFinal) return;
      await Promise.race([ended, delay(intervalMs, undefined, { signal }).catch(() => undefined)]);
    }
  } finally {
    left.abort();
  }
}
