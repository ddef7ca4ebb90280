import { checkSchedule } from '../src/schedule/checkSchedule';
import type { ResolvedTarget, ScheduleActivities } from '../src/contract/schedule';
import { SnapshotError } from '../src/errors';
import type { SealingDeps } from '../src/sealing/deps';

/** How far this machine's clock may be behind the one that gave the nominal time. */
const CLOCK_SKEW_MS = 300_000;

/**
 * What a run has to seal: everything in front of the last boundary at or before its nominal time. PAYLOAD_INVALID for a wrong
 * input, WINDOW_INVALID for a nominal time that is still to come.
 */
export function resolveTarget(
  { clock }: SealingDeps,
  { schedule, nominalTime }: Parameters<ScheduleActivities['resolveTarget']>[0],
): Promise<ResolvedTarget> {
  const { boundaries, startMs, scheduleId } = checkSchedule(schedule);
  const nominalMs = Date.parse(nominalTime);
  if (nominalMs > clock.nowMs() + CLOCK_SKEW_MS) {
    const message = `the nominal time ${nominalTime} of schedule ${scheduleId} is still to come; a window is sealed only after it is over`;
    throw new SnapshotError('WINDOW_INVALID', message);
  }
  const targetMs = boundaries.upTo(nominalMs);
  return Promise.resolve({ target: targetMs > startMs ? new Date(targetMs).toISOString() : null });
}
