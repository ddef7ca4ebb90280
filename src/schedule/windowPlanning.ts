import { countBoundaries } from './boundaries';
import type { CheckedSchedule } from './checkSchedule';
import { lateJobId, parseScheduleJob, windowJobId } from '../contract/scheduleJobIds';
import type { Window } from '../contract/window';
import type { SnapshotSummary } from '../ports/snapshotRepository';

/** Windows that are counted ahead, for the progress only. */
const MAX_COUNTED = 1_000;

/** The next window of a schedule: new, or one whose snapshot was opened before and is not closed yet. */
export interface WindowPlan {
  /** First instant that is not sealed; everything from the begin up to it is. */
  readonly sealedUntilMs: number;
  /** The snapshot that ends at `sealedUntilMs`; undefined when none of the given ones does. */
  readonly sealedBy: string | undefined;
  readonly next: { readonly jobId: string; readonly window: Window; readonly opened: boolean } | null;
  readonly left: number;
}

interface Span {
  readonly jobId: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly closed: boolean;
}

/**
 * Finds the first stretch of `[beginMs, targetMs)` that no closed snapshot of the schedule covers, and its first window:
 * up to the next boundary, or to a window that is there already. So windows neither leave a gap nor overlap,
 * whatever order runs come in, and whatever the boundaries were when earlier ones were sealed.
 */
export function planWindow(
  { scheduleId, boundaries }: CheckedSchedule,
  range: { readonly beginMs: number; readonly targetMs: number },
  snapshots: readonly SnapshotSummary[],
): WindowPlan {
  const { beginMs, targetMs } = range;
  let cursorMs = beginMs;
  let sealedBy: string | undefined;
  const found = (next: WindowPlan['next'], untilMs: number): WindowPlan => {
    const left = 1 + countBoundaries(boundaries, untilMs, targetMs, MAX_COUNTED);
    return { sealedUntilMs: cursorMs, sealedBy, next, left };
  };
  const spans = spansOf(scheduleId, snapshots);
  for (const span of spans) {
    if (span.fromMs >= targetMs || span.fromMs > cursorMs) break;
    if (span.closed && span.untilMs > cursorMs) {
      cursorMs = span.untilMs;
      sealedBy = span.jobId;
    } else if (!span.closed && span.fromMs === cursorMs)
      return found({ jobId: span.jobId, window: windowOf(span), opened: true }, span.untilMs);
  }
  if (cursorMs >= targetMs) return { sealedUntilMs: cursorMs, sealedBy, next: null, left: 0 };
  const later = spans.find(({ fromMs }) => fromMs > cursorMs);
  const untilMs = Math.min(boundaries.after(cursorMs), targetMs, later?.fromMs ?? targetMs);
  const window = windowOf({ fromMs: cursorMs, untilMs });
  const jobId = windowJobId(scheduleId, cursorMs, freeGeneration(scheduleId, cursorMs, snapshots));
  return found({ jobId, window, opened: false }, untilMs);
}

/** 1, unless somebody else's job for another window has taken that name. */
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
  if (job?.kind === 'late') return lateJobId(scheduleId, job.targetMs, job.place + 1);
  return jobId;
}

/** The newest supplementary snapshot of the runs up to a target; undefined when there is none. */
export function newestLate(
  scheduleId: string,
  targetMs: number,
  snapshots: readonly SnapshotSummary[],
): SnapshotSummary | undefined {
  const placeOf = ({ jobId }: SnapshotSummary): number => {
    const job = parseScheduleJob(scheduleId, jobId);
    return job?.kind === 'late' && job.targetMs === targetMs ? job.place : 0;
  };
  return snapshots
    .filter((snapshot) => placeOf(snapshot) > 0)
    .toSorted((left, right) => placeOf(left) - placeOf(right))
    .at(-1);
}

/** Log time in which a run looks for late records: `lookback` behind what it sealed, or would have. */
export function lateWindow(
  { boundaries, startMs, lookbackMs }: CheckedSchedule,
  targetMs: number,
  firstSealedMs: number | undefined,
): Window {
  const newestMs = Math.min(boundaries.upTo(targetMs - 1), firstSealedMs ?? targetMs);
  return windowOf({ fromMs: Math.max(startMs, newestMs - lookbackMs), untilMs: targetMs });
}

/** One span for each begin, in order: the closed snapshot, or else the newest generation. */
function spansOf(scheduleId: string, snapshots: readonly SnapshotSummary[]): Span[] {
  const spans = new Map<number, Span & { readonly generation: number }>();
  for (const { jobId, window, closed } of snapshots) {
    const job = parseScheduleJob(scheduleId, jobId);
    const fromMs = Date.parse(window.from);
    // A job of somebody else may have such a name; it counts only where it seals what its name says.
    if (job?.kind !== 'window' || job.fromMs !== fromMs) continue;
    const known = spans.get(fromMs);
    const better = !known || (!known.closed && (closed || job.generation > known.generation));
    const untilMs = Date.parse(window.to) + 1;
    if (better) spans.set(fromMs, { jobId, fromMs, untilMs, closed, generation: job.generation });
  }
  return [...spans.values()].toSorted((left, right) => left.fromMs - right.fromMs);
}

function windowOf({ fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number }): Window {
  return { from: new Date(fromMs).toISOString(), to: new Date(untilMs - 1).toISOString() };
}
