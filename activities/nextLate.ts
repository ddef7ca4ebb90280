import { checkSchedule } from '../src/schedule/checkSchedule';
import { snapshotIdOf } from '../src/contract/names';
import type { NextLateInput, PlannedSnapshot } from '../src/contract/schedule';
import { jobRange, lateJobId } from '../src/contract/scheduleJobIds';
import { boundsOf, type Window } from '../src/contract/window';
import { readRecord } from '../src/evidence/recordBytes';
import { positionOf } from '../src/evidence/recordOrder';
import { lateWindow, newestLate, nextGeneration } from '../src/schedule/windowPlanning';
import type { SealingDeps } from '../src/sealing/deps';
import type { SealedRecords } from '../src/sealing/sealedRecords';
import { skipAbandoned } from '../src/sealing/lostSnapshot';
import { requireOwnOrigin } from '../src/sealing/ownOrigin';
import { openSealedRecords } from '../src/sealing/publishedOverlaps';
import { findResumable } from '../src/sealing/resumableSnapshot';
import { withHeartbeat } from '../src/temporal/heartbeat';

const NO_LIMIT = 2 ** 31 - 1;

/**
 * Plans the supplementary snapshot of records that arrived late: the one that is open, or a new one if there are such
 * records. Ids count the snapshots of one target, so a repeated run finds the same one and a later backfill adds another.
 */
export function nextLate(deps: SealingDeps, input: NextLateInput): Promise<PlannedSnapshot | null> {
  return withHeartbeat((signal) => planLate(deps, input, signal));
}

async function planLate(
  deps: SealingDeps,
  { schedule, target, firstSealed }: NextLateInput,
  signal: AbortSignal,
): Promise<PlannedSnapshot | null> {
  const checked = checkSchedule(schedule);
  const { scheduleId, onTamper, lookbackMs } = checked;
  if (lookbackMs === 0) return null;
  const targetMs = Date.parse(target);
  const ids = jobRange(scheduleId, targetMs, targetMs + 1000);
  const snapshots = await deps.snapshots.listSummaries(snapshotIdOf(ids.from), snapshotIdOf(ids.until));
  for (const snapshot of snapshots) requireOwnOrigin(snapshot, deps.settings);
  const newest = newestLate(scheduleId, targetMs, snapshots);
  if (newest && !newest.closed) {
    const planned = await findResumable(deps, newest.jobId, onTamper);
    if (planned) return planned;
  }
  const firstSealedMs = firstSealed === null ? undefined : Date.parse(firstSealed);
  const window = lateWindow(checked, targetMs, firstSealedMs);
  const next = (former: string) => nextGeneration(scheduleId, former);
  const free = newest ? next(newest.jobId) : lateJobId(scheduleId, targetMs, 1);
  const jobId = await skipAbandoned(deps, free, next);
  if (!(await hasUnsealed(deps, { snapshotId: snapshotIdOf(jobId), window }, signal))) return null;
  return { jobId, window, onTamper };
}

/**
 * By the rules of sealing: a record whose time is not a date is in no window, although a query returns it, and a record
 * that a snapshot contains is sealed, although it could not be marked.
 */
async function hasUnsealed(
  deps: SealingDeps,
  planned: { readonly snapshotId: string; readonly window: Window },
  signal: AbortSignal,
): Promise<boolean> {
  const { fromMs, untilMs } = boundsOf(planned.window);
  let sealed: SealedRecords | undefined;
  for await (const raw of deps.records.scan({ fromMs, untilMs, after: null }, NO_LIMIT, signal)) {
    const position = positionOf(readRecord(raw, deps.settings.source.members), { fromMs, untilMs });
    if (!position) continue;
    sealed ??= await openSealedRecords(deps, planned);
    if (!(await sealed.has(position))) return true;
  }
  return false;
}
