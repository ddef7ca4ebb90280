import type { SnapshotProgressTracker } from './snapshotProgressTracker';
import type { WorkflowEngine } from './workflowEngine';

/** Chunks that are marked at the same time: enough to overlap server round trips, few enough for the database's memory. */
const CONCURRENCY = 3;

export interface MarkInput {
  readonly snapshotId: string;
  readonly from: number;
  readonly until: number;
  readonly onLongHistory: () => Promise<never>;
}

/** Marks the records of the chunks `[from, until)`, several chunks at the same time. */
export async function markChunks(
  engine: WorkflowEngine,
  tracker: SnapshotProgressTracker,
  input: MarkInput,
): Promise<void> {
  const { snapshotId, until, onLongHistory } = input;
  let next = input.from;
  // Chunks are marked several at a time: only those without a gap before them count as progress.
  const marks = new Set<number>();
  let unbroken = input.from;
  const markInTurn = async (): Promise<void> => {
    // At least one chunk in each run, however long its history is: a run that marks nothing would continue for ever.
    do {
      const index = next++;
      const marked = await engine.call('markImmutable', `chunk ${index} of ${until}`, { snapshotId, index });
      marks.add(index);
      while (marks.has(unbroken)) unbroken++;
      tracker.marked(marked.count, unbroken);
    } while (next < until && !engine.shouldContinueAsNew());
  };
  const concurrency = Math.min(CONCURRENCY, until - next);
  const outcomes = await Promise.allSettled(Array.from({ length: concurrency }, markInTurn));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  if (next < until) await onLongHistory();
}
