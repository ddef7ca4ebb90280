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
  type ScheduleCarry,
  type ScheduleProgress,
  type SealedUntil,
} from '../src/contract/schedule';
import { ScheduleBoard } from './scheduleBoard';
import { nominalTimeOf } from './nominalTime';
import { codeOf, sealScheduled } from './sealScheduled';

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
  carry?: ScheduleCarry,
): Promise<AuditScheduleResult> {
  if (typeof given !== 'object' || given === null)
    throw ApplicationFailure.nonRetryable('the input is not an object', 'PAYLOAD_INVALID');
  const nominalTime = carry?.nominalTime ?? nominalTimeOf(given);
  const board = new ScheduleBoard(given, nominalTime, carry);
  setHandler(defineQuery<ScheduleProgress>(PROGRESS_QUERY), () => board.progress);
  try {
    const { target } = await resolveTarget({ schedule: given, nominalTime });
    board.aimAt(target);
    const sealed = target === null ? null : await sealUpTo(given, board, target, carry);
    board.enter('done');
    return { scheduleId: given.scheduleId, nominalTime, target, sealed, ...board.tally };
  } catch (error) {
    if (!(error instanceof ContinueAsNew) && !isCancellation(error)) board.fail(String(error));
    throw error;
  }
}

async function sealUpTo(
  given: AuditScheduleInput,
  board: ScheduleBoard,
  target: string,
  carry: ScheduleCarry | undefined,
): Promise<SealedUntil | null> {
  await settle(board, target, given.settleSeconds ?? DEFAULT_SETTLE_SECONDS);
  let sealed = carry === undefined ? lastSealed(workflowInfo().lastResult) : carry.sealed;
  let firstSealed = carry?.firstSealed ?? null;
  let replans = 0;
  for (let windows = 1; ; windows++) {
    const plan = await nextWindow({ schedule: given, target, sealed });
    sealed = plan.sealed;
    board.plan(plan);
    if (plan.next === null) break;
    try {
      board.seal(plan.next, await sealScheduled(given, plan.next));
    } catch (error) {
      const conflict = ['SNAPSHOT_CONFLICT', 'SNAPSHOT_SUPERSEDED'].includes(codeOf(error));
      if (!conflict || ++replans > MAX_REPLANS) throw error;
      continue;
    }
    firstSealed ??= plan.next.window.from;
    if (windows >= WINDOWS_PER_HISTORY || workflowInfo().continueAsNewSuggested) {
      const { nominalTime } = board.progress;
      const next: ScheduleCarry = { nominalTime, tally: board.tally, sealed, firstSealed };
      await continueAsNew<typeof auditScheduleWorkflow>(given, next);
    }
  }
  board.enter('late');
  const late = await nextLate({ schedule: given, target, firstSealed });
  if (late !== null) board.sealLate(late, await sealScheduled(given, late));
  return sealed;
}

/** The clock decides how long this run waits for writers that are behind, and nothing else. */
async function settle(board: ScheduleBoard, target: string, settleSeconds: number): Promise<void> {
  const settledAtMs = Date.parse(target) + settleSeconds * 1000;
  const waitMs = settledAtMs - Date.now();
  if (waitMs <= 0) return;
  const settledAt = new Date(settledAtMs).toISOString();
  board.settle(settledAt);
  await sleep(waitMs, { summary: `records before ${target} may be written until ${settledAt}` });
}

/** The run before says how far it came. That saves looking at every window since the begin, and is checked before it counts. */
function lastSealed(lastResult: unknown): SealedUntil | null {
  const { startAt, until, jobId } = (lastResult as Partial<AuditScheduleResult> | undefined)?.sealed ?? {};
  const known = typeof startAt === 'string' && typeof until === 'string' && typeof jobId === 'string';
  return known ? { startAt, until, jobId } : null;
}
