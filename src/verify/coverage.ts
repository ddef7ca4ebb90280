import type { LedgerEntry } from '../evidence/ledgerEntry';

/** A stretch of log time, both ends inclusive, in canonical instants. */
export interface CoverageSpan {
  readonly from: string;
  readonly to: string;
  /** `missing`: no snapshot covers it. `empty`: sealed, and there were no records. */
  readonly state: 'sealed' | 'empty' | 'missing';
  /** Snapshots whose windows cover it, in the order of the ledger; the first sealed it, further ones took late records. */
  readonly snapshots: readonly string[];
}

/**
 * The timeline of a ledger: every stretch between two window bounds with the snapshots that cover it, neighbours of
 * the same kind joined. Without `within` it spans from the first window to the last. O(n log n).
 */
export function coverageOf(
  entries: readonly LedgerEntry[],
  within?: { readonly from: string; readonly to: string },
): CoverageSpan[] {
  const spans = entries.map(({ window, snapshotId, recordCount }, place) => ({
    from: Date.parse(window.from),
    until: Date.parse(window.to) + 1,
    snapshotId,
    recordCount,
    place,
  }));
  const start = within
    ? Date.parse(within.from)
    : spans.reduce((low, { from }) => Math.min(low, from), Infinity);
  const end = within
    ? Date.parse(within.to) + 1
    : spans.reduce((high, { until }) => Math.max(high, until), -Infinity);
  if (!(start < end)) return [];
  const bounds = [start, end, ...spans.flatMap(({ from, until }) => [from, until])].filter(
    (bound) => bound >= start && bound <= end,
  );
  const cuts = [...new Set(bounds)].toSorted((left, right) => left - right);
  const opening = spans.toSorted((left, right) => left.from - right.from);
  let next = 0;
  let open: typeof spans = [];
  const stretches: CoverageSpan[] = [];
  for (const [place, from] of cuts.slice(0, -1).entries()) {
    const until = cuts[place + 1]!;
    for (; next < opening.length && opening[next]!.from <= from; next++) open.push(opening[next]!);
    open = open.filter((span) => span.until > from);
    const covering = open.toSorted((left, right) => left.place - right.place);
    const some = covering.some(({ recordCount }) => recordCount > 0);
    const state = covering.length === 0 ? 'missing' : some ? 'sealed' : 'empty';
    join(stretches, {
      from: new Date(from).toISOString(),
      to: new Date(until - 1).toISOString(),
      state,
      snapshots: covering.map(({ snapshotId }) => snapshotId),
    });
  }
  return stretches;
}

function join(stretches: CoverageSpan[], next: CoverageSpan): void {
  const last = stretches.at(-1);
  if (last?.state === next.state && last.snapshots.join(' ') === next.snapshots.join(' '))
    stretches[stretches.length - 1] = { ...last, to: next.to };
  else stretches.push(next);
}
