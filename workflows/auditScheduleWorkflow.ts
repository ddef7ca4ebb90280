import {
  ApplicationFailure,
  ContinueAsNew,
  continueAsNew,
  defineQuery,
  isCancellation,
  proxyActivities,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { PROGRESS_QUERY } from '../src/contract/names';
import {
  DEFAULT_SETTLE_SECONDS,
  type AuditScheduleInput,
  type AuditScheduleResult,
  type ScheduleActivities,
  type ContinuedSchedule,
  type ScheduleProgress,
  type SealedUntil,
} from '../src/contract/schedule';
import { ScheduleProgressTracker } from './schedule/scheduleProgressTracker';
import { nominalTimeOf } from './schedule/nominalTime';
import { codeOf, sealScheduled } from './schedule/sealScheduled';

/** Other runs that planned otherwise are met at most this often: each time the plan is made anew from what is there. */
const MAX_REPLANS = 3;

/** A long outage has many windows: a fresh history begins behind so many of them, well below what Temporal asks for. */
const WINDOWS_PER_HISTORY = 50;

const { resolveTarget, nextWindow, nextLate } = proxyActivities<ScheduleActivities>({
  startToCloseTimeout: '5m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
});

/**
 * One run of a schedule: seals every window up to the last boundary before its nominal time that is not sealed yet, in
 * order, then what arrived late. Query `progress` gives a `ScheduleProgress`. The first window that fails ends the run with
 * its code; the next run begins with it.
 */
export async function auditScheduleWorkflow(
  given: AuditScheduleInput,
  continued?: ContinuedSchedule,
): Promise<AuditScheduleResult> {
  if (typeof given !== 'object' || given === null)
    throw ApplicationFailure.nonRetryable('the input is not an object', 'PAYLOAD_INVALID');
  const nominalTime = continued?.nominalTime ?? nominalTimeOf(given);
  const tracker = new ScheduleProgressTracker(given, nominalTime, continued);
  setHandler(defineQuery<ScheduleProgress>(PROGRESS_QUERY), () => tracker.progress);
  try {
    const { target } = await resolveTarget({ schedule: given, nominalTime });
    tracker.aimAt(target);
    const sealed = target === null ? null : await sealUpTo(given, tracker, target, continued);
    tracker.enter('done');
    return { scheduleId: given.scheduleId, nominalTime, target, sealed, ...tracker.tally };
  } catch (error) {
    if (!(error instanceof ContinueAsNew) && !isCancellation(error)) tracker.fail(String(error));
    throw error;
  }
}

async function sealUpTo(
  given: AuditScheduleInput,
  tracker: ScheduleProgressTracker,
  target: string,
  continued: ContinuedSchedule | undefined,
): Promise<SealedUntil | null> {
  await settle(tracker, target, given.settleSeconds ?? DEFAULT_SETTLE_SECONDS);
  let sealed = continued === undefined ? lastSealed(workflowInfo().lastResult) : continued.sealed;
  let firstSealed = continued?.firstSealed ?? null;
  let replans = 0;
  for (let windows = 1; ; windows++) {
    const plan = await nextWindow({ schedule: given, target, sealed });
    sealed = plan.sealed;
    tracker.plan(plan);
    if (plan.next === null) break;
    try {
      tracker.seal(plan.next, await sealScheduled(given, plan.next));
    } catch (error) {
      const conflict = ['SNAPSHOT_CONFLICT', 'SNAPSHOT_SUPERSEDED'].includes(codeOf(error));
      if (!conflict || ++replans > MAX_REPLANS) throw error;
      continue;
    }
    firstSealed ??= plan.next.window.from;
    if (windows >= WINDOWS_PER_HISTORY || workflowInfo().continueAsNewSuggested) {
      const { nominalTime } = tracker.progress;
      const next: ContinuedSchedule = { nominalTime, tally: tracker.tally, sealed, firstSealed };
      await continueAsNew<typeof auditScheduleWorkflow>(given, next);
    }
  }
  tracker.enter('late');
  const late = await nextLate({ schedule: given, target, firstSealed });
  if (late !== null) tracker.sealLate(late, await sealScheduled(given, late));
  return sealed;
}

/** The clock decides how long this run waits for writers that are behind, and nothing else. */
async function settle(
  tracker: ScheduleProgressTracker,
  target: string,
  settleSeconds: number,
): Promise<void> {
  const settledAtMs = Date.parse(target) + settleSeconds * 1000;
  const waitMs = settledAtMs - Date.now();
  if (waitMs <= 0) return;
  const settledAt = new Date(settledAtMs).toISOString();
  tracker.settle(settledAt);
  await sleep(waitMs, { summary: `records before ${target} may be written until ${settledAt}` });
}

/** The run before says how far it came. That saves looking at every window since the begin, and is checked before it counts. */
function lastSealed(lastResult: unknown): SealedUntil | null {
  const { startAt, until, jobId } = (lastResult as Partial<AuditScheduleResult> | undefined)?.sealed ?? {};
  const known = typeof startAt === 'string' && typeof until === 'string' && typeof jobId === 'string';
  return known ? { startAt, until, jobId } : null;
}
