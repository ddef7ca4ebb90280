import type { ResolvedTarget, ScheduleActivities } from '../src/contract/schedule';
import { formatInstant } from '../src/contract/window';
import { SnapshotError } from '../src/errors';
import { checkSchedule } from '../src/schedule/checkSchedule';
import type { SealingDeps } from '../src/sealing/deps';
import { withHeartbeat } from '../src/temporal/heartbeat';

type ResolveTargetInput = Parameters<ScheduleActivities['resolveTarget']>[0];

/** How far the clock of this machine may lag the one that set the nominal time. */
const CLOCK_SKEW_MS = 300_000;

/**
 * The instant up to which a run seals: the last boundary at or before its nominal time. PAYLOAD_INVALID for a wrong input,
 * WINDOW_INVALID for a nominal time in the future.
 */
export function resolveTarget(deps: SealingDeps, input: ResolveTargetInput): Promise<ResolvedTarget> {
  return withHeartbeat(() => Promise.resolve(targetOf(deps, input)));
}

function targetOf({ clock }: SealingDeps, { schedule, nominalTime }: ResolveTargetInput): ResolvedTarget {
  const { boundaries, startMs, scheduleId } = checkSchedule(schedule);
  const nominalMs = Date.parse(nominalTime);
  if (nominalMs > clock.nowMs() + CLOCK_SKEW_MS) {
    const message = `the nominal time ${nominalTime} of schedule ${scheduleId} lies in the future; a window is sealed only after it is over`;
    throw new SnapshotError('WINDOW_INVALID', message);
  }
  const targetMs = boundaries.upTo(nominalMs);
  return { target: targetMs > startMs ? formatInstant(targetMs) : null };
}
