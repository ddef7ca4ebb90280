import {
  ContinueAsNew,
  continueAsNew,
  isCancellation,
  proxyActivities,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { failureOf, orFailWorkflow } from '../src/contract/failure';
import {
  DEFAULT_SETTLE_SECONDS,
  type AuditScheduleInput,
  type AuditScheduleResult,
  type ContinuedSchedule,
  type PlannedSnapshot,
  type ScheduleActivities,
  type SealedUntil,
} from '../src/contract/schedule';
import { formatInstant } from '../src/contract/window';
import { SnapshotError } from '../src/errors';
import { answerProgressQuery } from './progress/publishProgress';
import { nominalTimeOf } from './schedule/nominalTime';
import { ScheduleProgressTracker } from './schedule/scheduleProgressTracker';
import { sealScheduled } from './schedule/sealScheduled';
import { LONG, QUICK } from './snapshot/activityOptions';

/** How often a run plans anew because another run sealed or opened the planned window differently meanwhile. */
const MAX_REPLANS = 3;

/** After an outage there are many windows: a new history begins after this many, well before Temporal suggests one. */
const WINDOWS_PER_HISTORY = 50;

const { resolveTarget } = proxyActivities<ScheduleActivities>(QUICK);
/** They may read many rows and records. */
const { nextWindow, nextLate } = proxyActivities<ScheduleActivities>(LONG);

/**
 * One run of a schedule: seals every unsealed window up to the last boundary before its nominal time, in order, then the
 * records that arrived late. The query `progress` returns a `ScheduleProgress`. The first window that fails ends the run
 * with its code; the next run begins with that window.
 */
export async function auditScheduleWorkflow(
  given: AuditScheduleInput,
  continued?: ContinuedSchedule,
): Promise<AuditScheduleResult> {
  const nominalTime = continued?.nominalTime ?? orFailWorkflow(() => readNominalTime(given));
  const tracker = new ScheduleProgressTracker(given, nominalTime, continued);
  answerProgressQuery(() => tracker.progress);
  try {
    const { target } = await resolveTarget({ schedule: given, nominalTime });
    tracker.resolved(target);
    const sealed = target === null ? null : await sealUpTo(given, tracker, target, continued);
    tracker.enter('done');
    return { scheduleId: given.scheduleId, nominalTime, target, sealed, ...tracker.tally };
  } catch (error) {
    if (!(error instanceof ContinueAsNew) && !isCancellation(error)) tracker.failed(String(error));
    throw error;
  }
}

/** How far a run has come: what it knows to be sealed, and the start of the first window it sealed itself. */
type Sealed = Pick<ContinuedSchedule, 'sealed' | 'firstSealed'>;

async function sealUpTo(
  given: AuditScheduleInput,
  tracker: ScheduleProgressTracker,
  target: string,
  continued: ContinuedSchedule | undefined,
): Promise<SealedUntil | null> {
  await settle(tracker, target, given.settleSeconds ?? DEFAULT_SETTLE_SECONDS);
  const start = continued ?? { sealed: lastSealed(workflowInfo().lastResult), firstSealed: null };
  const { sealed, firstSealed } = await sealWindows(given, tracker, target, start);

  tracker.enter('late');
  const late = await nextLate({ schedule: given, target, firstSealed });
  if (late !== null) tracker.sealedLate(late, await sealScheduled(given, late));
  return sealed;
}

/** Seals window after window until none is left before the target, in a new history from time to time. */
async function sealWindows(
  given: AuditScheduleInput,
  tracker: ScheduleProgressTracker,
  target: string,
  { sealed, firstSealed }: Sealed,
): Promise<Sealed> {
  let replans = 0;
  for (let windows = 1; ; windows++) {
    const plan = await nextWindow({ schedule: given, target, sealed });
    sealed = plan.sealed;
    tracker.planned(plan);
    if (plan.next === null) return { sealed, firstSealed };

    if (await sealPlanned(given, tracker, plan.next, replans < MAX_REPLANS)) {
      firstSealed ??= plan.next.window.from;
      if (windows < WINDOWS_PER_HISTORY && !workflowInfo().continueAsNewSuggested) continue;
      const { nominalTime } = tracker.progress;
      const next: ContinuedSchedule = { nominalTime, tally: tracker.tally, sealed, firstSealed };
      await continueAsNew<typeof auditScheduleWorkflow>(given, next);
    } else replans++;
  }
}

/** Seals a planned window. False when it must be planned anew, because another run sealed or opened it differently. */
async function sealPlanned(
  given: AuditScheduleInput,
  tracker: ScheduleProgressTracker,
  planned: PlannedSnapshot,
  mayReplan: boolean,
): Promise<boolean> {
  try {
    tracker.sealed(planned, await sealScheduled(given, planned));
    return true;
  } catch (error) {
    const conflict = ['SNAPSHOT_CONFLICT', 'SNAPSHOT_SUPERSEDED'].includes(failureOf(error).code);
    if (conflict && mayReplan) return false;
    throw error;
  }
}

/** Waits until slow writers had their time. The clock decides only how long this run waits. */
async function settle(
  tracker: ScheduleProgressTracker,
  target: string,
  settleSeconds: number,
): Promise<void> {
  const settledAtMs = Date.parse(target) + settleSeconds * 1000;
  const waitMs = settledAtMs - Date.now();
  if (waitMs <= 0) return;
  const settledAt = formatInstant(settledAtMs);
  tracker.settling(settledAt);
  await sleep(waitMs, { summary: `records before ${target} may be written until ${settledAt}` });
}

function readNominalTime(given: AuditScheduleInput): string {
  if (typeof given === 'object' && given !== null) return nominalTimeOf(given);
  throw new SnapshotError('PAYLOAD_INVALID', 'the input is not an object; see docs/schedules.md');
}

/** What the previous run sealed. It saves planning every window since the start, and nextWindow checks it first. */
function lastSealed(lastResult: unknown): SealedUntil | null {
  const { startAt, until, jobId } = (lastResult as Partial<AuditScheduleResult> | undefined)?.sealed ?? {};
  const known = typeof startAt === 'string' && typeof until === 'string' && typeof jobId === 'string';
  return known ? { startAt, until, jobId } : null;
}
