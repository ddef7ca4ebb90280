import type { JobOutcome } from '../../src/contract/activities';
import type { Failure } from '../../src/contract/failure';
import { snapshotIdOf } from '../../src/contract/names';
import type { AuditSnapshotResult, ContinuedState } from '../../src/contract/snapshot';
import { isTerminal } from '../../src/contract/terminalCodes';
import type { CheckedInput } from './checkInput';
import { sealSnapshot } from './sealSnapshot';
import type { SnapshotProgressTracker } from './snapshotProgressTracker';
import type { WorkflowEngine } from './workflowEngine';

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
  const end = await runAttempts(engine, tracker, input, firstAttempt(continued));
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
  /** Undefined when the attempt begins now and not in an earlier run. */
  readonly startedAtMs: number | undefined;
  readonly lastFailure: string | undefined;
  readonly pauseMs: number;
  /** Set by a cancel after signing began: the signed snapshot must be finished, so nothing cancels it any more. */
  readonly forwardOnly: boolean;
}

function firstAttempt(continued: ContinuedState | undefined): Attempt {
  return {
    number: continued?.attempt ?? 1,
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
      const after = await endOrNextAttempt(engine, input, attempt, error);
      if ('status' in after) return after;
      attempt = after;
    }
  }
}

async function runAttempt(
  engine: WorkflowEngine,
  tracker: SnapshotProgressTracker,
  { jobId, from, to, onTamper, timeoutSeconds }: CheckedInput,
  { number, startedAtMs, lastFailure, pauseMs }: Attempt,
): Promise<AuditSnapshotResult> {
  if (pauseMs > 0) await engine.sleep(pauseMs);
  tracker.beginAttempt(number, lastFailure);
  const attemptStartedAtMs = startedAtMs ?? engine.nowMs();
  const deadlineMs = attemptStartedAtMs + timeoutSeconds * 1000;
  const onLongHistory = () => engine.continueAsNew({ attempt: number, attemptStartedAtMs });
  return engine.withDeadline(deadlineMs - engine.nowMs(), () =>
    sealSnapshot(engine, tracker, { jobId, window: { from, to }, onTamper, deadlineMs, onLongHistory }),
  );
}

/** What follows an attempt that ended with `error`: the next attempt, or the end of the job. */
async function endOrNextAttempt(
  engine: WorkflowEngine,
  { jobId, maxAttempts }: CheckedInput,
  attempt: Attempt,
  error: unknown,
): Promise<Attempt | JobEnd> {
  if (engine.isContinueAsNew(error)) throw error;
  if (engine.isCancellation(error)) {
    if (await releaseWindow(engine, jobId))
      return { status: 'cancelled', failure: CANCELLED, cancellation: error };
    return { ...attempt, startedAtMs: undefined, pauseMs: 0, forwardOnly: true };
  }
  const failure = engine.failureOf(error);
  if (isTerminal(failure.code) || attempt.number >= maxAttempts) {
    await releaseWindow(engine, jobId);
    return { status: 'failed', failure };
  }
  return {
    ...attempt,
    number: attempt.number + 1,
    startedAtMs: undefined,
    lastFailure: `${failure.code}: ${failure.message}`,
    pauseMs: BETWEEN_ATTEMPTS_MS,
  };
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
