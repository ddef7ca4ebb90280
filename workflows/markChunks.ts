import type { Flow } from './flow';
import type { ProgressBoard } from './progressBoard';

/** Chunks that are marked at once: enough to hide one server round trip behind another, few enough for its memory. */
const LANES = 3;

export interface MarkInput {
  readonly snapshotId: string;
  readonly from: number;
  readonly until: number;
  readonly onLongHistory: () => Promise<never>;
}

/** Marks the records of the chunks `[from, until)`, several chunks at once. */
export async function markChunks(flow: Flow, board: ProgressBoard, input: MarkInput): Promise<void> {
  const { snapshotId, until, onLongHistory } = input;
  let next = input.from;
  const lane = async (): Promise<void> => {
    // At least one chunk a run, however long its history is by now: a run that marks nothing would go on for ever.
    do {
      const index = next++;
      const marked = await flow.call('markImmutable', `chunk ${index} of ${until}`, { snapshotId, index });
      board.marked(marked.count);
    } while (next < until && !flow.shouldContinueAsNew());
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(LANES, until - next) }, lane));
  const failed = lanes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  if (next < until) await onLongHistory();
}
