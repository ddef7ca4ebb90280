import { checkSchedule } from '../src/schedule/checkSchedule';
import { snapshotIdOf } from '../src/contract/names';
import type { NextLateInput, PlannedSnapshot } from '../src/contract/schedule';
import { jobRange, lateJobId } from '../src/contract/scheduleJobIds';
import type { Window } from '../src/contract/window';
import { readRecord } from '../src/evidence/recordBytes';
import { lateWindow, newestLate, nextGeneration } from '../src/schedule/windowPlanning';
import type { SealingDeps } from '../src/sealing/deps';
import { resumable } from '../src/sealing/resumable';

const NO_LIMIT = 2 ** 31 - 1;

/**
 * Plans the supplementary snapshot of what arrived late: the one that is under way, or a new one if records wait. Its id
 * counts the ones of the same target, so a run that is repeated meets it, and a later backfill makes a further one.
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
  const newest = newestLate(scheduleId, targetMs, snapshots);
  if (newest && !newest.closed) {
    const planned = await resumable(deps, newest.jobId, onTamper);
    if (planned) return planned;
  }
  const first = firstSealed === null ? undefined : Date.parse(firstSealed);
  const window = lateWindow(checked, targetMs, first);
  if (!(await hasUnsealed(deps, window))) return null;
  const jobId = newest ? nextGeneration(scheduleId, newest.jobId) : lateJobId(scheduleId, targetMs, 1);
  return { jobId, window, onTamper };
}

/** As the sealing reads them: a record whose `timestamp` is no date is in no window, though a query finds it. */
async function hasUnsealed({ records }: SealingDeps, { from, to }: Window): Promise<boolean> {
  const [fromMs, untilMs] = [Date.parse(from), Date.parse(to) + 1];
  for await (const raw of records.scan({ fromMs, untilMs, after: null }, NO_LIMIT))
    if (readRecord(raw).timestamps.some((ms) => ms >= fromMs && ms < untilMs)) return true;
  return false;
}
