import { snapshotIdOf } from '../src/contract/names';
import type { NextWindow, NextWindowInput, SealedUntil } from '../src/contract/schedule';
import { jobRange } from '../src/contract/scheduleJobIds';
import { boundsOf, formatInstant } from '../src/contract/window';
import { checkSchedule, type CheckedSchedule } from '../src/schedule/checkSchedule';
import { nextGeneration, planWindow } from '../src/schedule/windowPlanning';
import type { SealingDeps } from '../src/sealing/deps';
import { skipAbandoned } from '../src/sealing/lostSnapshot';
import { requireOwnOrigin } from '../src/sealing/ownOrigin';
import { findResumable } from '../src/sealing/resumableSnapshot';
import { withHeartbeat } from '../src/temporal/heartbeat';

/**
 * Plans the next window from the rows of the snapshots, and never a job that the database lost before it was signed. `sealed` saves reading the rows before it, and counts only
 * if the snapshot it names is closed: after a restore of the database every window since the start is checked again.
 */
export function nextWindow(deps: SealingDeps, input: NextWindowInput): Promise<NextWindow> {
  return withHeartbeat(() => planNext(deps, input));
}

async function planNext(
  deps: SealingDeps,
  { schedule, target, sealed }: NextWindowInput,
): Promise<NextWindow> {
  const checked = checkSchedule(schedule);
  const { scheduleId, startMs, onTamper } = checked;
  const confirmed = await confirmSealed(deps, checked, sealed);
  const beginMs = confirmed ? Date.parse(confirmed.until) : startMs;
  const targetMs = Date.parse(target);
  if (beginMs >= targetMs) return { sealed: confirmed, next: null, left: 0 };

  const ids = jobRange(scheduleId, beginMs, targetMs);
  const snapshots = await deps.snapshots.listSummaries(snapshotIdOf(ids.from), snapshotIdOf(ids.until));
  for (const snapshot of snapshots) requireOwnOrigin(snapshot, deps.settings);
  const plan = planWindow(checked, { beginMs, targetMs }, snapshots);
  const { left, sealedUntilMs, sealedBy } = plan;
  const now = sealedBy === undefined ? confirmed : sealedUntil(checked, sealedUntilMs, sealedBy);
  if (plan.next === null) return { sealed: now, next: null, left };

  const { jobId, window, opened } = plan.next;
  const resumable = opened ? await findResumable(deps, jobId, onTamper) : undefined;
  if (resumable) return { sealed: now, next: resumable, left };
  const next = (former: string) => nextGeneration(scheduleId, former);
  const planned = await skipAbandoned(deps, opened ? next(jobId) : jobId, next);
  return { sealed: now, next: { jobId: planned, window, onTamper }, left };
}

async function confirmSealed(
  { snapshots, settings }: SealingDeps,
  { startMs }: CheckedSchedule,
  sealed: SealedUntil | null,
): Promise<SealedUntil | null> {
  if (sealed === null || Date.parse(sealed.startAt) !== startMs) return null;
  const row = await snapshots.find(snapshotIdOf(sealed.jobId));
  if (row) requireOwnOrigin(row, settings);
  const confirmed = row?.result != null && boundsOf(row.window).untilMs === Date.parse(sealed.until);
  return confirmed ? sealed : null;
}

function sealedUntil({ startMs }: CheckedSchedule, untilMs: number, jobId: string): SealedUntil {
  return { startAt: formatInstant(startMs), until: formatInstant(untilMs), jobId };
}
