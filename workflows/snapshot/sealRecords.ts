import type { HashState, QueriedBatch, ResumePoint } from '../../src/contract/activities';
import type { SnapshotProgressTracker } from './snapshotProgressTracker';
import type { WorkflowEngine } from './workflowEngine';

/**
 * Stores and hashes chunk after chunk from the resume point on; the next query runs while the previous chunk is hashed.
 * Returns the number of chunks. `onLongHistory` runs when a chunk is hashed and no activity is running.
 */
export async function sealRecords(
  engine: WorkflowEngine,
  tracker: SnapshotProgressTracker,
  snapshotId: string,
  from: ResumePoint,
  onLongHistory: () => Promise<never>,
): Promise<number> {
  let { cursor, nextIndex } = from;
  let hashing: Promise<HashState> = Promise.resolve(from.hash);

  for (let exhausted = false; !exhausted;) {
    const [hash, batch] = await bothSettled(hashing, query(engine, snapshotId, nextIndex, cursor));
    tracker.hashedTo(hash);
    ({ cursor, exhausted } = batch);
    const { chunk } = batch;
    if (chunk === null) break;

    tracker.stored(chunk.count);
    nextIndex = chunk.index + 1;
    const summary = `chunk ${chunk.index}: ${chunk.count} records`;
    hashing = engine.call('hashBatch', summary, { snapshotId, chunk, cursor, hash });
    if (engine.shouldContinueAsNew()) {
      tracker.hashedTo(await hashing);
      await onLongHistory();
    }
  }
  tracker.hashedTo(await hashing);
  return nextIndex;
}

function query(
  engine: WorkflowEngine,
  snapshotId: string,
  index: number,
  cursor: ResumePoint['cursor'],
): Promise<QueriedBatch> {
  const where = cursor.after === null ? 'from the start' : `after ${cursor.after.timestamp}`;
  return engine.call('queryBatch', `chunk ${index}, ${where}`, { snapshotId, index, cursor });
}

/** Waits for both even when one fails, so that no rejection is unhandled; the error of the first one wins. */
async function bothSettled<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === 'rejected') throw a.reason;
  if (b.status === 'rejected') throw b.reason;
  return [a.value, b.value];
}
