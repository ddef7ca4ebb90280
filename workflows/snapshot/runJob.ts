import type { JobOutcome } from '../../src/contract/activities';
import type { Failure } from '../../src/contract/failure';
import { snapshotIdOf } from '../../src/contract/names';
import type { AuditSnapshotResult, ContinuedState } from '../../src/contract/snapshot';
import { isTerminal } from '../../src/contract/terminalCodes';
import type { CheckedInput } from './checkInput';
import { sealSnapshot } from './sealSnapshot';
import type { SnapshotProgressTracker } from './snapshotProgressTracker';
import type { WorkflowEngine } from './workflowEngine';

/** The name of the change in histories: an attempt that made progress does not use one up. */
const ATTEMPTS_BY_PROGRESS = 'attempts-by-progress';

/** Pause before each further attempt: by then the activities have retried for as long as an attempt lasts. */
const BETWEEN_ATTEMPTS_MS = 30_000;

const CANCELLED: Failure = {
  code: 'JOB_CANCELLED',
  message: 'the run was cancelled before signing; nothing was marked',
};

/** How a job ended: no attempt is left, and the window is released where that was possible. */
type JobEnd =
  | { readonly status: 'succeeded'; readonly result: AuditSnapshotResult }
  | { readonly status: 'failed'; readonly failure: Failure }
  | { readonly status: 'cancelled'; readonly failure: Failure; readonly cancellation: unknown };

/** Runs the attempts of the job's policy, then reports the outcome: everything else is durable before the report. */
export async function runJob(
  engine: WorkflowEngine,
  tracker: SnapshotProgressTracker,
  input: CheckedInput,
  continued: ContinuedState | undefined,
): Promise<AuditSnapshotResult> {
  const end = await runAttempts(engine, tracker, input, firstAttempt(engine, continued));
  if (end.status === 'succeeded') {
    tracker.enter('reporting');
    await report(engine, input, end);
    tracker.finished(end.result);
    return end.result;
  }
  const { status, failure } = end;
  tracker.enter(status);
  await report(engine, input, { status, code: failure.code, reason: failure.message });
  throw end.status === 'cancelled' ? end.cancellation : engine.failed(failure);
}

/** What one attempt passes to the next. */
interface Attempt {
  /** From 1. An attempt that continues after a cancel keeps its number. */
  readonly number: number;
  /** Attempts before it that made no progress. */
  readonly idle: number;
  /** When the first attempt began, in whichever run that was. */
  readonly jobStartedAtMs: number;
  /** Undefined when the attempt begins now and not in an earlier run. */
  readonly startedAtMs: number | undefined;
  readonly lastFailure: string | undefined;
  readonly pauseMs: number;
  /** Set by a cancel after signing began: the signed snapshot must be finished, so nothing cancels it any more. */
  readonly forwardOnly: boolean;
}

function firstAttempt(engine: WorkflowEngine, continued: ContinuedState | undefined): Attempt {
  const number = continued?.attempt ?? 1;
  return {
    number,
    idle: continued?.idleAttempts ?? number - 1,
    jobStartedAtMs: continued?.jobStartedAtMs ?? continued?.attemptStartedAtMs ?? engine.nowMs(),
    startedAtMs: continued?.attemptStartedAtMs,
    lastFailure: undefined,
    pauseMs: 0,
    forwardOnly: false,
  };
}

async function runAttempts(
  engine: WorkflowEngine,
  tracker: SnapshotProgressTracker,
  input: CheckedInput,
  first: Attempt,
): Promise<JobEnd> {
  for (let attempt = first; ;) {
    const run = (): Promise<AuditSnapshotResult> => runAttempt(engine, tracker, input, attempt);
    try {
      return { status: 'succeeded', result: await (attempt.forwardOnly ? engine.shielded(run) : run()) };
    } catch (error) {
      const after = await endOrNextAttempt(engine, tracker, input, attempt, error);
      if ('status' in after) return after;
      attempt = after;
    }
  }
}

async function runAttempt(
  engine: WorkflowEngine,
  tracker: SnapshotProgressTracker,
  { jobId, from, to, onTamper, timeoutSeconds, totalTimeoutSeconds }: CheckedInput,
  { number, idle, jobStartedAtMs, startedAtMs, lastFailure, pauseMs }: Attempt,
): Promise<AuditSnapshotResult> {
  if (pauseMs > 0) await engine.sleep(pauseMs);
  tracker.beginAttempt(number, idle, lastFailure);
  const attemptStartedAtMs = startedAtMs ?? engine.nowMs();
  const deadlineMs = Math.min(
    attemptStartedAtMs + timeoutSeconds * 1000,
    jobDeadlineMs(jobStartedAtMs, totalTimeoutSeconds),
  );
  const onLongHistory = () => {
    const { before: reachedBefore } = tracker.durable;
    const known = reachedBefore === undefined ? {} : { reachedBefore };
    return engine.continueAsNew({
      attempt: number,
      attemptStartedAtMs,
      idleAttempts: idle,
      jobStartedAtMs,
      ...known,
    });
  };
  return engine.withDeadline(deadlineMs - engine.nowMs(), () =>
    sealSnapshot(engine, tracker, { jobId, window: { from, to }, onTamper, deadlineMs, onLongHistory }),
  );
}

/** What follows an attempt that ended with `error`: the next attempt, or the end of the job. */
async function endOrNextAttempt(
  engine: WorkflowEngine,
  tracker: SnapshotProgressTracker,
  input: CheckedInput,
  attempt: Attempt,
  error: unknown,
): Promise<Attempt | JobEnd> {
  if (engine.isContinueAsNew(error)) throw error;
  const { jobId } = input;
  if (engine.isCancellation(error)) {
    if (await releaseWindow(engine, jobId))
      return { status: 'cancelled', failure: CANCELLED, cancellation: error };
    return { ...attempt, startedAtMs: undefined, pauseMs: 0, forwardOnly: true };
  }
  const failure = engine.failureOf(error);
  const idle = attempt.idle + (tracker.durable.endAttempt() ? 0 : 1);
  const isLate = isTooLate(engine, input, attempt);
  if (isLate || isTerminal(failure.code) || isSpent(engine, input, attempt, idle)) {
    await releaseWindow(engine, jobId);
    return { status: 'failed', failure: isLate ? outOfTime(input, failure) : failure };
  }
  return {
    ...attempt,
    number: attempt.number + 1,
    idle,
    startedAtMs: undefined,
    lastFailure: `${failure.code}: ${failure.message}`,
    pauseMs: BETWEEN_ATTEMPTS_MS,
  };
}

/** True when no attempt is left. Before the change, each attempt used one up, whatever it had done. */
function isSpent(
  engine: WorkflowEngine,
  { maxAttempts }: CheckedInput,
  { number }: Attempt,
  idle: number,
): boolean {
  const madeProgress = idle < number;
  return (madeProgress && !engine.patched(ATTEMPTS_BY_PROGRESS) ? number : idle) >= maxAttempts;
}

/** True when a further attempt could not begin before the job's own limit. */
function isTooLate(
  engine: WorkflowEngine,
  { totalTimeoutSeconds }: CheckedInput,
  { jobStartedAtMs }: Attempt,
): boolean {
  return engine.nowMs() + BETWEEN_ATTEMPTS_MS >= jobDeadlineMs(jobStartedAtMs, totalTimeoutSeconds);
}

function jobDeadlineMs(startedAtMs: number, totalTimeoutSeconds: number | undefined): number {
  return totalTimeoutSeconds === undefined ? Infinity : startedAtMs + totalTimeoutSeconds * 1000;
}

/** What the last attempt failed with, unless it was the time alone. */
function outOfTime({ jobId, totalTimeoutSeconds }: CheckedInput, failure: Failure): Failure {
  if (failure.code !== 'ATTEMPT_TIMED_OUT') return failure;
  const message = `job ${jobId} did not end within its limit of ${totalTimeoutSeconds} s; what is stored is kept, submit the job again to continue it`;
  return { code: 'JOB_TIMED_OUT', message };
}

async function releaseWindow(engine: WorkflowEngine, jobId: string): Promise<boolean> {
  const snapshotId = snapshotIdOf(jobId);
  const { released } = await engine.shielded(() => engine.call('releaseWindow', snapshotId, { snapshotId }));
  return released;
}

function report(
  engine: WorkflowEngine,
  { jobId, from, to }: CheckedInput,
  outcome: JobOutcome,
): Promise<void> {
  return engine.shielded(() =>
    engine.call('reportJob', `${jobId} ${outcome.status}`, { jobId, window: { from, to }, outcome }),
  );
}
