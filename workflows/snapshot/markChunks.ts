import type { WorkflowEngine } from './workflowEngine';
import type { SnapshotProgressTracker } from './snapshotProgressTracker';

/** Chunks that are marked at once: enough to hide one server round trip behind another, few enough for its memory. */
const CONCURRENCY = 3;

export interface MarkInput {
  readonly snapshotId: string;
  readonly from: number;
  readonly until: number;
  readonly onLongHistory: () => Promise<never>;
}

/** Marks the records of the chunks `[from, until)`, several chunks at once. */
export async function markChunks(
  engine: WorkflowEngine,
  tracker: SnapshotProgressTracker,
  input: MarkInput,
): Promise<void> {
  const { snapshotId, until, onLongHistory } = input;
  let next = input.from;
  const lane = async (): Promise<void> => {
    // At least one chunk a run, however long its history is by now: a run that marks nothing would go on for ever.
    do {
      const index = next++;
      const marked = await engine.call('markImmutable', `chunk ${index} of ${until}`, { snapshotId, index });
      tracker.marked(marked.count);
    } while (next < until && !engine.shouldContinueAsNew());
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(CONCURRENCY, until - next) }, lane));
  const failed = lanes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  if (next < until) await onLongHistory();
}
