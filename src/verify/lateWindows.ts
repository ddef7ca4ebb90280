import { boundsOf, overlaps, type Bounds } from '../contract/window';
import type { Manifest } from '../evidence/manifest';
import type { Ledger } from './verifyLedger';

/** Log time that earlier snapshots of the ledger had sealed, and these snapshots. */
export interface LateWindows {
  /** Sorted ids. */
  readonly snapshots: readonly string[];
  /** The log time of their windows, disjoint and in order. */
  readonly spans: readonly Bounds[];
}

/** True when an instant, in milliseconds, is in one of these spans, which are disjoint and in order. */
export function isInSpans(spans: readonly Bounds[], ms: number): boolean {
  const span = spanBefore(spans, ms);
  return span !== undefined && ms < span.untilMs;
}

/**
 * What makes a record of a snapshot late: it lies in the window of an earlier entry of the ledger. Undefined when the
 * ledger does not name the snapshot, because nothing is known about what came before it then.
 */
export function lateWindowsOf(
  { entries, indexOf }: Pick<Ledger, 'entries' | 'indexOf'>,
  { snapshotId, window }: Pick<Manifest, 'snapshotId' | 'window'>,
): LateWindows | undefined {
  const index = indexOf.get(snapshotId);
  if (index === undefined) return undefined;
  const earlier = entries.slice(0, index).filter((entry) => overlaps(entry.window, window));
  return {
    snapshots: earlier.map((entry) => entry.snapshotId).toSorted(),
    spans: mergeBounds(earlier.map((entry) => boundsOf(entry.window))),
  };
}

/** The same log time as disjoint spans, in order. */
function mergeBounds(bounds: readonly Bounds[]): Bounds[] {
  const merged: Bounds[] = [];
  for (const next of bounds.toSorted((left, right) => left.fromMs - right.fromMs)) {
    const last = merged.at(-1);
    if (!last || next.fromMs > last.untilMs) merged.push(next);
    else merged[merged.length - 1] = { ...last, untilMs: Math.max(last.untilMs, next.untilMs) };
  }
  return merged;
}

/** The last span that starts at or before an instant. */
function spanBefore(spans: readonly Bounds[], ms: number): Bounds | undefined {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle]!.fromMs <= ms) low = middle + 1;
    else high = middle;
  }
  return spans[low - 1];
}
