import { checkSchedule, type CheckedSchedule } from '../src/schedule/checkSchedule';
import { snapshotIdOf } from '../src/contract/names';
import type { NextWindow, NextWindowInput, SealedUntil } from '../src/contract/schedule';
import { jobRange } from '../src/contract/scheduleJobIds';
import { nextGeneration, planWindow } from '../src/schedule/windowPlanning';
import type { SealingDeps } from '../src/sealing/deps';
import { resumable } from '../src/sealing/resumable';

/**
 * Plans the next window from the rows of the snapshots alone. `sealed` saves reading those in front of it, and counts
 * only if the snapshot it names is closed: after a restore of the database everything since the begin is looked at again.
 */
export async function nextWindow(
  deps: SealingDeps,
  { schedule, target, sealed }: NextWindowInput,
): Promise<NextWindow> {
  const checked = checkSchedule(schedule);
  const { scheduleId, startMs, onTamper } = checked;
  const known = await confirm(deps, checked, sealed);
  const range = { beginMs: known ? Date.parse(known.until) : startMs, targetMs: Date.parse(target) };
  if (range.beginMs >= range.targetMs) return { sealed: known, next: null, left: 0 };
  const ids = jobRange(scheduleId, range.beginMs, range.targetMs);
  const snapshots = await deps.snapshots.listSummaries(snapshotIdOf(ids.from), snapshotIdOf(ids.until));
  const { next, left, sealedUntilMs, sealedBy } = planWindow(checked, range, snapshots);
  const now = sealedBy === undefined ? known : sealedUntil(checked, sealedUntilMs, sealedBy);
  if (next === null) return { sealed: now, next, left };
  const { jobId, window } = next;
  if (!next.opened) return { sealed: now, next: { jobId, window, onTamper }, left };
  const other = { jobId: nextGeneration(scheduleId, jobId), window, onTamper };
  return { sealed: now, next: (await resumable(deps, jobId, onTamper)) ?? other, left };
}

async function confirm(
  { snapshots }: SealingDeps,
  { startMs }: CheckedSchedule,
  sealed: SealedUntil | null,
): Promise<SealedUntil | null> {
  if (sealed === null || Date.parse(sealed.startAt) !== startMs) return null;
  const row = await snapshots.find(snapshotIdOf(sealed.jobId));
  const holds = row?.result != null && Date.parse(row.window.to) + 1 === Date.parse(sealed.until);
  return holds ? sealed : null;
}

function sealedUntil({ startMs }: CheckedSchedule, untilMs: number, jobId: string): SealedUntil {
  return { startAt: new Date(startMs).toISOString(), until: new Date(untilMs).toISOString(), jobId };
}
