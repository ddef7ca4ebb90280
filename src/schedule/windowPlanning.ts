import { lateJobId, parseScheduleJob, windowJobId } from '../contract/scheduleJobIds';
import { boundsOf, windowOf, type Bounds, type Window } from '../contract/window';
import type { SnapshotSummary as SummaryRow } from '../ports/snapshotRepository';
import { countBoundaries } from './boundaries';
import type { CheckedSchedule } from './checkSchedule';

type SnapshotSummary = Pick<SummaryRow, 'jobId' | 'window' | 'closed'>;

/** Windows that are counted ahead, for the progress only. */
const MAX_COUNTED = 1_000;

/** The next window of a schedule: new, or one whose snapshot is open. */
export interface WindowPlan {
  /** First instant that is not sealed; everything before it is, since the start. */
  readonly sealedUntilMs: number;
  /** The job whose snapshot ends at `sealedUntilMs`; undefined when none of the given ones does. */
  readonly sealedBy: string | undefined;
  readonly next: { readonly jobId: string; readonly window: Window; readonly opened: boolean } | null;
  readonly left: number;
}

/** A window of the schedule for which there is a snapshot. */
interface Span extends Bounds {
  readonly jobId: string;
  readonly closed: boolean;
}

/**
 * Finds the first gap in `[beginMs, targetMs)` that no closed snapshot of the schedule covers, and its first window: up to
 * the next boundary, or to a window that exists already. So windows neither leave a gap nor overlap, whatever order runs
 * come in, and whatever the boundaries were when earlier windows were sealed.
 */
export function planWindow(
  { scheduleId, boundaries }: CheckedSchedule,
  range: { readonly beginMs: number; readonly targetMs: number },
  snapshots: readonly SnapshotSummary[],
): WindowPlan {
  const { beginMs, targetMs } = range;
  const spans = spansOf(scheduleId, snapshots);
  const { sealedUntilMs, sealedBy, open } = walkSealed(spans, beginMs, targetMs);
  const planned = (next: WindowPlan['next'], untilMs: number): WindowPlan => {
    const left = 1 + countBoundaries(boundaries, untilMs, targetMs, MAX_COUNTED);
    return { sealedUntilMs, sealedBy, next, left };
  };
  if (open) return planned({ jobId: open.jobId, window: windowOf(open), opened: true }, open.untilMs);
  if (sealedUntilMs >= targetMs) return { sealedUntilMs, sealedBy, next: null, left: 0 };

  const later = spans.find(({ fromMs }) => fromMs > sealedUntilMs);
  const untilMs = Math.min(boundaries.after(sealedUntilMs), targetMs, later?.fromMs ?? targetMs);
  const window = windowOf({ fromMs: sealedUntilMs, untilMs });
  const generation = freeGeneration(scheduleId, sealedUntilMs, snapshots);
  const jobId = windowJobId(scheduleId, sealedUntilMs, generation);
  return planned({ jobId, window, opened: false }, untilMs);
}

/** Follows closed spans from `beginMs` to the first gap; `open` is the span of an open snapshot that begins there. */
function walkSealed(
  spans: readonly Span[],
  beginMs: number,
  targetMs: number,
): {
  readonly sealedUntilMs: number;
  readonly sealedBy: string | undefined;
  readonly open: Span | undefined;
} {
  let sealedUntilMs = beginMs;
  let sealedBy: string | undefined;
  for (const span of spans) {
    if (span.fromMs >= targetMs || span.fromMs > sealedUntilMs) break;
    if (span.closed && span.untilMs > sealedUntilMs) {
      sealedUntilMs = span.untilMs;
      sealedBy = span.jobId;
    } else if (!span.closed && span.fromMs === sealedUntilMs) return { sealedUntilMs, sealedBy, open: span };
  }
  return { sealedUntilMs, sealedBy, open: undefined };
}

/** 1, unless a job for another window, not of the schedule, has that id. */
function freeGeneration(scheduleId: string, fromMs: number, snapshots: readonly SnapshotSummary[]): number {
  const generations = snapshots.map(({ jobId }) => {
    const job = parseScheduleJob(scheduleId, jobId);
    return job?.kind === 'window' && job.fromMs === fromMs ? job.generation : 0;
  });
  return 1 + Math.max(0, ...generations);
}

/** The job that takes over the window of one whose snapshot can no longer be sealed. */
export function nextGeneration(scheduleId: string, jobId: string): string {
  const job = parseScheduleJob(scheduleId, jobId);
  if (job?.kind === 'window') return windowJobId(scheduleId, job.fromMs, job.generation + 1);
  if (job?.kind === 'late') return lateJobId(scheduleId, job.targetMs, job.ordinal + 1);
  return jobId;
}

/** The newest supplementary snapshot of the runs up to a target; undefined when there is none. */
export function newestLate(
  scheduleId: string,
  targetMs: number,
  snapshots: readonly SnapshotSummary[],
): SnapshotSummary | undefined {
  const ordinalOf = ({ jobId }: SnapshotSummary): number => {
    const job = parseScheduleJob(scheduleId, jobId);
    return job?.kind === 'late' && job.targetMs === targetMs ? job.ordinal : 0;
  };
  return snapshots
    .filter((snapshot) => ordinalOf(snapshot) > 0)
    .toSorted((left, right) => ordinalOf(left) - ordinalOf(right))
    .at(-1);
}

/** The log time that a run searches for late records: `lookback` before the newest window, or before its first one. */
export function lateWindow(
  { boundaries, startMs, lookbackMs }: CheckedSchedule,
  targetMs: number,
  firstSealedMs: number | undefined,
): Window {
  const newestMs = Math.min(boundaries.upTo(targetMs - 1), firstSealedMs ?? targetMs);
  return windowOf({ fromMs: Math.max(startMs, newestMs - lookbackMs), untilMs: targetMs });
}

/** One span for each window start, in order: the closed snapshot, or else the newest generation. */
function spansOf(scheduleId: string, snapshots: readonly SnapshotSummary[]): Span[] {
  const spans = new Map<number, Span & { readonly generation: number }>();
  for (const { jobId, window, closed } of snapshots) {
    const job = parseScheduleJob(scheduleId, jobId);
    const bounds = boundsOf(window);
    // A job that the schedule did not submit may have such an id; it counts only if it seals the window that its id says.
    if (job?.kind !== 'window' || job.fromMs !== bounds.fromMs) continue;
    const known = spans.get(bounds.fromMs);
    const better = !known || (!known.closed && (closed || job.generation > known.generation));
    if (better) spans.set(bounds.fromMs, { ...bounds, jobId, closed, generation: job.generation });
  }
  return [...spans.values()].toSorted((left, right) => left.fromMs - right.fromMs);
}
