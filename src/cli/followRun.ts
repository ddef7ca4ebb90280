import type { AuditSnapshotResult, SnapshotHandle } from '../client';
import { describeLeftOut, noneLeftOut, totalLeftOut } from '../evidence/leftOut';
import { EXIT, type Output } from './output';
import { showProgress } from './progress';

const POLL_MS = 500;
/** As long as a busy worker may take to answer; after that the operator is warned. */
const SILENCE_MS = 10_000;

/**
 * Shows the progress of a run, then its result. Ctrl-C stops following and leaves the run alone: the exit code is 0, and
 * the job id is printed for `watch`. A run that ended otherwise rejects with its stable code.
 */
export async function followRun(handle: SnapshotHandle, json: boolean, output: Output): Promise<number> {
  const interrupt = new AbortController();
  const { signal } = interrupt;
  const onInterrupt = () => interrupt.abort();
  process.once('SIGINT', onInterrupt);
  try {
    await showRun(handle, signal, output);
    printResult(handle.jobId, await handle.wait({ signal }), json, output);
    return EXIT.ok;
  } catch (error) {
    if (!signal.aborted) throw error;
    return printDetached(handle, json, output);
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

async function showRun(handle: SnapshotHandle, signal: AbortSignal, output: Output): Promise<void> {
  const onAnswer = noteSilence(output.note);
  using display = showProgress();
  const run = handle.follow({ signal, intervalMs: POLL_MS, onAnswer });
  let noted: string | undefined;
  for await (const progress of run) {
    display.updateRun(progress);
    const { retrying } = progress;
    if (retrying !== undefined && retrying !== noted) output.note(`a call is tried again: ${retrying}`);
    noted = retrying;
  }
}

/**
 * Returns the callback that is told of each question whether a worker answered it. It notes each silence of ten seconds
 * once: without a worker a run waits for ever, and nothing else would show it.
 */
export function noteSilence(
  note: (line: string) => void,
  nowMs: () => number = Date.now,
): (answered: boolean) => void {
  let lastAnswerMs = nowMs();
  let noted = false;
  return (answered) => {
    if (answered) {
      lastAnswerMs = nowMs();
      noted = false;
    } else if (!noted && nowMs() - lastAnswerMs >= SILENCE_MS) {
      noted = true;
      note(
        'no worker has answered for a while; the run waits until one does: ' +
          'is audit-snapshot worker running, on the same TEMPORAL_NAMESPACE and TEMPORAL_TASK_QUEUE?',
      );
    }
  };
}

function printResult(jobId: string, result: AuditSnapshotResult, json: boolean, output: Output): void {
  const { recordCount, snapshotId, snapshotAssetId, findingCount, conflictCount, lateCount } = result;
  const leftOut = { ...noneLeftOut(), ...result.leftOut };
  const text = [
    `sealed ${recordCount} records as ${snapshotId}, asset ${snapshotAssetId}`,
    `findings ${findingCount}, conflicts ${conflictCount}, late ${lateCount}`,
    ...(totalLeftOut(leftOut) === 0
      ? []
      : [`left out ${describeLeftOut(leftOut)}; what to do: audit-snapshot status`]),
  ].join('\n');
  output.result(json ? JSON.stringify({ jobId, status: 'succeeded', result }) : text);
}

/** Prints how to attach to a run that continues without this process; returns the exit code. */
export function printDetached({ jobId, workflowId }: SnapshotHandle, json: boolean, output: Output): number {
  output.note(`the run continues; attach to it again with: audit-snapshot watch ${jobId}`);
  output.result(json ? JSON.stringify({ jobId, workflowId, status: 'running' }) : jobId);
  return EXIT.ok;
}
