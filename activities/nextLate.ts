import { checkSchedule } from '../src/schedule/checkSchedule';
import { snapshotIdOf } from '../src/contract/names';
import type { NextLateInput, PlannedSnapshot } from '../src/contract/schedule';
import { jobRange, lateJobId } from '../src/contract/scheduleJobIds';
import { boundsOf, type Window } from '../src/contract/window';
import { readRecord } from '../src/evidence/recordBytes';
import { positionOf } from '../src/evidence/recordOrder';
import { lateWindow, newestLate, nextGeneration } from '../src/schedule/windowPlanning';
import type { SealingDeps } from '../src/sealing/deps';
import { requireOwnOrigin } from '../src/sealing/ownOrigin';
import { findResumable } from '../src/sealing/resumableSnapshot';

const NO_LIMIT = 2 ** 31 - 1;

/**
 * Plans the supplementary snapshot of records that arrived late: the one that is open, or a new one if there are such
 * records. Ids count the snapshots of one target, so a repeated run finds the same one and a later backfill adds another.
 */
export async function nextLate(
  deps: SealingDeps,
  { schedule, target, firstSealed }: NextLateInput,
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
  if (!(await hasUnsealed(deps, window))) return null;
  const jobId = newest ? nextGeneration(scheduleId, newest.jobId) : lateJobId(scheduleId, targetMs, 1);
  return { jobId, window, onTamper };
}

/** By the rule of sealing: a record whose time is not a date is in no window, although a query returns it. */
async function hasUnsealed({ records }: SealingDeps, window: Window): Promise<boolean> {
  const { fromMs, untilMs } = boundsOf(window);
  for await (const raw of records.scan({ fromMs, untilMs, after: null }, NO_LIMIT))
    if (positionOf(readRecord(raw), { fromMs, untilMs })) return true;
  return false;
}
