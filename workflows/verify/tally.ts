import type { AuditTally } from '../../src/contract/drift';

/** Drifts that progress and result list; the counts cover all. */
const MAX_LISTED = 100;

export const EMPTY_TALLY: AuditTally = {
  snapshots: 0,
  records: 0,
  late: 0,
  marking: 0,
  unmarkable: 0,
  removed: 0,
  counts: {},
  drifts: [],
  notes: [],
};

/** Two tallies added up; the drifts of `left` come first. */
export function addTallies(left: AuditTally, right: AuditTally): AuditTally {
  const kinds = [...new Set([...Object.keys(left.counts), ...Object.keys(right.counts)])];
  const counts = kinds.map((kind) => [kind, (left.counts[kind] ?? 0) + (right.counts[kind] ?? 0)] as const);
  return {
    snapshots: left.snapshots + right.snapshots,
    records: left.records + right.records,
    late: left.late + right.late,
    marking: (left.marking ?? 0) + (right.marking ?? 0),
    unmarkable: (left.unmarkable ?? 0) + (right.unmarkable ?? 0),
    removed: (left.removed ?? 0) + (right.removed ?? 0),
    counts: Object.fromEntries(counts),
    drifts: [...left.drifts, ...right.drifts].slice(0, MAX_LISTED),
    notes: [...(left.notes ?? []), ...(right.notes ?? [])].slice(0, MAX_LISTED),
  };
}

/** The drift in words: `3 altered, 1 deleted`. */
export function describeCounts({ counts }: AuditTally): string {
  const found = Object.entries(counts).filter(([, count]) => count > 0);
  return found.length === 0 ? 'nothing' : found.map(([kind, count]) => `${count} ${kind}`).join(', ');
}
