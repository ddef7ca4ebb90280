import type { JobOutcome } from '../src/contract/activities';
import { isTerminal } from '../src/contract/failures';
import { snapshotIdOf } from '../src/contract/names';
import type { AuditSnapshotResult, Carry } from '../src/contract/snapshot';
import type { CheckedInput } from './checkInput';
import type { Failure, Flow } from './flow';
import type { ProgressBoard } from './progressBoard';
import { sealSnapshot } from './sealSnapshot';

/** Pause in front of each further attempt: by then the activities have retried for as long as an attempt lasts. */
const BETWEEN_ATTEMPTS_MS = 30_000;

/** Runs the attempts of the job's policy and reports the outcome; nothing is reported before all else is durable. */
export async function runJob(
  flow: Flow,
  board: ProgressBoard,
  input: CheckedInput,
  carry: Carry | undefined,
): Promise<AuditSnapshotResult> {
  try {
    const result = await runAttempts(flow, board, input, carry);
    board.enter('reporting');
    await report(flow, input, { status: 'succeeded', result });
    board.finished(result);
    return result;
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    const { code, message } = error.failure;
    const status = error.cancellation === undefined ? 'failed' : 'cancelled';
    board.enter(status);
    await report(flow, input, { status, code, reason: message });
    throw error.cancellation ?? flow.failed(error.failure);
  }
}

/** The attempts are over, the window is given up where that was possible, and the job is to be reported so. */
class Ended extends Error {
  readonly failure: Failure;
  readonly cancellation: unknown;

  constructor(failure: Failure, cancellation?: unknown) {
    super(failure.message);
    this.failure = failure;
    this.cancellation = cancellation;
  }
}

async function runAttempts(
  flow: Flow,
  board: ProgressBoard,
  input: CheckedInput,
  carry: Carry | undefined,
): Promise<AuditSnapshotResult> {
  let attempt = carry?.attempt ?? 1;
  let startedAtMs = carry?.attemptStartedAtMs;
  let lastFailure: string | undefined;
  let pauseMs = 0;
  let forwardOnly = false;

  for (;;) {
    const once = async () => {
      if (pauseMs > 0) await flow.sleep(pauseMs);
      board.beginAttempt(attempt, lastFailure);
      return runAttempt(flow, board, input, { attempt, attemptStartedAtMs: startedAtMs ?? flow.nowMs() });
    };
    try {
      return await (forwardOnly ? flow.shielded(once) : once());
    } catch (error) {
      if (flow.isContinueAsNew(error)) throw error;
      startedAtMs = undefined;
      if (flow.isCancellation(error)) {
        if (await releaseWindow(flow, input.jobId)) throw new Ended(CANCELLED, error);
        // Cancelled behind the point of no return: what is signed is finished, whatever else was asked for.
        forwardOnly = true;
        pauseMs = 0;
        continue;
      }
      const failure = flow.failureOf(error);
      if (isTerminal(failure.code) || attempt >= input.maxAttempts) {
        await releaseWindow(flow, input.jobId);
        throw new Ended(failure);
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
  flow: Flow,
  board: ProgressBoard,
  input: CheckedInput,
  carry: Carry,
): Promise<AuditSnapshotResult> {
  const { jobId, from, to, onTamper, timeoutSeconds } = input;
  const deadlineMs = carry.attemptStartedAtMs + timeoutSeconds * 1000;
  const window = { from, to };
  const onLongHistory = () => flow.continueAsNew(carry);
  return flow.withDeadline(deadlineMs - flow.nowMs(), () =>
    sealSnapshot(flow, board, { jobId, window, onTamper, deadlineMs, onLongHistory }),
  );
}

async function releaseWindow(flow: Flow, jobId: string): Promise<boolean> {
  const snapshotId = snapshotIdOf(jobId);
  const { released } = await flow.shielded(() => flow.call('releaseWindow', snapshotId, { snapshotId }));
  return released;
}

function report(flow: Flow, { jobId, from, to }: CheckedInput, outcome: JobOutcome): Promise<void> {
  return flow.shielded(() =>
    flow.call('reportJob', `${jobId} ${outcome.status}`, { jobId, window: { from, to }, outcome }),
  );
}
