import { boundsOf, windowOf, type Bounds, type Window } from '../contract/window';
import type { LedgerEntry } from '../evidence/ledgerEntry';
import type { Verdict } from './report';

/** A span of log time, both ends inclusive, in canonical instants. */
export interface CoverageSpan {
  readonly from: string;
  readonly to: string;
  /** `missing`: no snapshot covers it. `empty`: it is sealed, and there were no records. */
  readonly state: 'sealed' | 'empty' | 'missing';
  /** Snapshots whose windows cover it, in the order of the ledger; the first sealed it, further ones took late records. */
  readonly snapshots: readonly string[];
}

interface LedgerWindow {
  readonly fromMs: number;
  /** Exclusive. */
  readonly untilMs: number;
  /** In the ledger. */
  readonly index: number;
  readonly snapshotId: string;
  readonly recordCount: number;
}

/**
 * The timeline of a ledger: each span between two window bounds with the snapshots that cover it; adjacent spans with the
 * same state and snapshots are joined. It covers `within`, or else the first window to the last. O(n log n) in the number
 * of windows, while few of them overlap.
 */
export function coverageOf(entries: readonly LedgerEntry[], within?: Window): CoverageSpan[] {
  const windows = entries.map(({ window, snapshotId, recordCount }, index) => ({
    ...boundsOf(window),
    index,
    snapshotId,
    recordCount,
  }));
  const cuts = cutsOf(windows, within);
  const upcoming = windows.toSorted((left, right) => left.fromMs - right.fromMs);
  let next = 0;
  let open: LedgerWindow[] = [];
  const spans: CoverageSpan[] = [];
  for (const [index, fromMs] of cuts.slice(0, -1).entries()) {
    for (; next < upcoming.length && upcoming[next]!.fromMs <= fromMs; next++) open.push(upcoming[next]!);
    open = open.filter(({ untilMs }) => untilMs > fromMs);
    appendSpan(spans, spanOf({ fromMs, untilMs: cuts[index + 1]! }, open));
  }
  return spans;
}

/** INCOMPLETE when a span is missing, or when there is no span at all. */
export function verdictOfSpans(spans: readonly CoverageSpan[]): Verdict {
  return spans.length > 0 && spans.every(({ state }) => state !== 'missing') ? 'VERIFIED' : 'INCOMPLETE';
}

/** The percentage of the log time of the spans that is sealed, rounded down to a tenth; 0 without spans. */
export function sealedPercent(spans: readonly CoverageSpan[]): number {
  const lengthOf = (span: CoverageSpan) => Date.parse(span.to) - Date.parse(span.from) + 1;
  const total = spans.reduce((sum, span) => sum + lengthOf(span), 0);
  const missing = spans
    .filter(({ state }) => state === 'missing')
    .reduce((sum, span) => sum + lengthOf(span), 0);
  return total === 0 ? 0 : Math.floor(((total - missing) / total) * 1000) / 10;
}

/** Every instant at which the covering snapshots may change, in order; empty when there is no log time to cover. */
function cutsOf(windows: readonly LedgerWindow[], within: Window | undefined): number[] {
  const ranges = within ? [boundsOf(within)] : windows;
  const start = ranges.reduce((low, { fromMs }) => Math.min(low, fromMs), Infinity);
  const end = ranges.reduce((high, { untilMs }) => Math.max(high, untilMs), -Infinity);
  if (!(start < end)) return [];
  const bounds = [start, end, ...windows.flatMap(({ fromMs, untilMs }) => [fromMs, untilMs])];
  const inside = bounds.filter((bound) => bound >= start && bound <= end);
  return [...new Set(inside)].toSorted((left, right) => left - right);
}

function spanOf(bounds: Bounds, covering: readonly LedgerWindow[]): CoverageSpan {
  const hasRecords = covering.some(({ recordCount }) => recordCount > 0);
  return {
    ...windowOf(bounds),
    state: covering.length === 0 ? 'missing' : hasRecords ? 'sealed' : 'empty',
    snapshots: covering
      .toSorted((left, right) => left.index - right.index)
      .map(({ snapshotId }) => snapshotId),
  };
}

function appendSpan(spans: CoverageSpan[], span: CoverageSpan): void {
  const last = spans.at(-1);
  if (last?.state === span.state && last.snapshots.join(' ') === span.snapshots.join(' '))
    spans[spans.length - 1] = { ...last, to: span.to };
  else spans.push(span);
}
