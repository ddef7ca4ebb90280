import type { ResumePoint, HashState, QueriedBatch } from '../../src/contract/activities';
import type { WorkflowEngine } from './workflowEngine';
import type { SnapshotProgressTracker } from './snapshotProgressTracker';

/**
 * Stores and hashes chunk after chunk from the checkpoint on; the next query runs while the chunk before it is hashed.
 * Returns the number of chunks. `onCheckpoint` runs after every stored batch, when no hashing is under way.
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
    const [hash, batch] = await both(hashing, query(engine, snapshotId, nextIndex, cursor));
    tracker.hashedTo(hash);
    ({ cursor, exhausted } = batch);
    const { chunk } = batch;
    if (chunk === null) break;
    tracker.stored(chunk.count);
    nextIndex = chunk.index + 1;
    hashing = engine.call('hashBatch', `chunk ${chunk.index}: ${chunk.count} records`, {
      snapshotId,
      chunk,
      cursor,
      hash,
    });
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
  const place = cursor.after === null ? 'from the start' : `behind ${cursor.after.timestamp}`;
  return engine.call('queryBatch', `chunk ${index}, ${place}`, { snapshotId, index, cursor });
}

/** Waits for both even when one fails, so that no rejection is left unheard; the first one's error comes first. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === 'rejected') throw a.reason;
  if (b.status === 'rejected') throw b.reason;
  return [a.value, b.value];
}
