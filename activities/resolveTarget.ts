import type { ResolvedTarget, ScheduleActivities } from '../src/contract/schedule';
import { formatInstant } from '../src/contract/window';
import { SnapshotError } from '../src/errors';
import { checkSchedule } from '../src/schedule/checkSchedule';
import type { SealingDeps } from '../src/sealing/deps';

/** How far the clock of this machine may lag the one that set the nominal time. */
const CLOCK_SKEW_MS = 300_000;

/**
 * The instant up to which a run seals: the last boundary at or before its nominal time. PAYLOAD_INVALID for a wrong input,
 * WINDOW_INVALID for a nominal time in the future.
 */
export function resolveTarget(
  { clock }: SealingDeps,
  { schedule, nominalTime }: Parameters<ScheduleActivities['resolveTarget']>[0],
): Promise<ResolvedTarget> {
  const { boundaries, startMs, scheduleId } = checkSchedule(schedule);
  const nominalMs = Date.parse(nominalTime);
  if (nominalMs > clock.nowMs() + CLOCK_SKEW_MS) {
    const message = `the nominal time ${nominalTime} of schedule ${scheduleId} lies in the future; a window is sealed only after it is over`;
    throw new SnapshotError('WINDOW_INVALID', message);
  }
  const targetMs = boundaries.upTo(nominalMs);
  return Promise.resolve({ target: targetMs > startMs ? formatInstant(targetMs) : null });
}
