import type { JobOutcome } from '../../src/contract/activities';
import { isTerminal } from '../../src/contract/terminalCodes';
import { snapshotIdOf } from '../../src/contract/names';
import type { AuditSnapshotResult, ContinuedState } from '../../src/contract/snapshot';
import type { CheckedInput } from './checkInput';
import type { Failure, WorkflowEngine } from './workflowEngine';
import type { SnapshotProgressTracker } from './snapshotProgressTracker';
import { sealSnapshot } from './sealSnapshot';

/** Pause in front of each further attempt: by then the activities have retried for as long as an attempt lasts. */
const BETWEEN_ATTEMPTS_MS = 30_000;

/** Runs the attempts of the job's policy and reports the outcome; nothing is reported before all else is durable. */
export async function runJob(
  engine: WorkflowEngine,
  tracker: SnapshotProgressTracker,
  input: CheckedInput,
  continued: ContinuedState | undefined,
): Promise<AuditSnapshotResult> {
  try {
    const result = await runAttempts(engine, tracker, input, continued);
    tracker.enter('reporting');
    await report(engine, input, { status: 'succeeded', result });
    tracker.finished(result);
    return result;
  } catch (error) {
    if (!(error instanceof JobEnded)) throw error;
    const { code, message } = error.failure;
    const status = error.cancellation === undefined ? 'failed' : 'cancelled';
    tracker.enter(status);
    await report(engine, input, { status, code, reason: message });
    throw error.cancellation ?? engine.failed(error.failure);
  }
}

/** The attempts are over, the window is given up where that was possible, and the job is to be reported so. */
class JobEnded extends Error {
  readonly failure: Failure;
  readonly cancellation: unknown;

  constructor(failure: Failure, cancellation?: unknown) {
    super(failure.message);
    this.failure = failure;
    this.cancellation = cancellation;
  }
}

async function runAttempts(
  engine: WorkflowEngine,
  tracker: SnapshotProgressTracker,
  input: CheckedInput,
  continued: ContinuedState | undefined,
): Promise<AuditSnapshotResult> {
  let attempt = continued?.attempt ?? 1;
  let startedAtMs = continued?.attemptStartedAtMs;
  let lastFailure: string | undefined;
  let pauseMs = 0;
  let forwardOnly = false;

  for (;;) {
    const once = async () => {
      if (pauseMs > 0) await engine.sleep(pauseMs);
      tracker.beginAttempt(attempt, lastFailure);
      return runAttempt(engine, tracker, input, {
        attempt,
        attemptStartedAtMs: startedAtMs ?? engine.nowMs(),
      });
    };
    try {
      return await (forwardOnly ? engine.shielded(once) : once());
    } catch (error) {
      if (engine.isContinueAsNew(error)) throw error;
      startedAtMs = undefined;
      if (engine.isCancellation(error)) {
        if (await releaseWindow(engine, input.jobId)) throw new JobEnded(CANCELLED, error);
        // Cancelled behind the point of no return: what is signed is finished, whatever else was asked for.
        forwardOnly = true;
        pauseMs = 0;
        continue;
      }
      const failure = engine.failureOf(error);
      if (isTerminal(failure.code) || attempt >= input.maxAttempts) {
        await releaseWindow(engine, input.jobId);
        throw new JobEnded(failure);
      }
      lastFailure = `${failure.code}: ${failure.message}`;
      pauseMs = BETWEEN_ATTEMPTS_MS;
      attempt++;
    }
  }
}

const CANCELLED: Failure = {
  code: 'JOB_CANCELLED',
  message: 'the run was cancelled before signing; nothing was marked',
};

function runAttempt(
  engine: WorkflowEngine,
  tracker: SnapshotProgressTracker,
  input: CheckedInput,
  continued: ContinuedState,
): Promise<AuditSnapshotResult> {
  const { jobId, from, to, onTamper, timeoutSeconds } = input;
  const deadlineMs = continued.attemptStartedAtMs + timeoutSeconds * 1000;
  const window = { from, to };
  const onLongHistory = () => engine.continueAsNew(continued);
  return engine.withDeadline(deadlineMs - engine.nowMs(), () =>
    sealSnapshot(engine, tracker, { jobId, window, onTamper, deadlineMs, onLongHistory }),
  );
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
