import type { Checkpoint, HashState } from '../src/contract/activities';
import { newDigest } from '../src/evidence/logDigest';
import type { SnapshotRow } from '../src/ports';
import type { ActivityDeps } from './deps';

/** Width of the first slice of log time; from then on slices follow the density of the log. */
const FIRST_SLICE_MS = 60_000;

/** What is durable of a snapshot: the checkpoint behind its last chunk, or the start of its window. */
export async function readCheckpoint(deps: ActivityDeps, row: SnapshotRow): Promise<Checkpoint> {
  const complete = row.chunkCount !== null;
  const last =
    row.chunkCount === null
      ? await deps.snapshots.lastChunk(row.snapshotId)
      : await deps.snapshots.findChunk(row.snapshotId, row.chunkCount - 1);
  if (last) return { ...last.checkpoint, complete };
  return {
    nextIndex: 0,
    cursor: { after: null, sliceMs: FIRST_SLICE_MS },
    hash: await emptyHashState(),
    complete,
  };
}

async function emptyHashState(): Promise<HashState> {
  const digest = await newDigest();
  return { range: { begin: 0, end: 0, hashes: [] }, digestState: digest.save(), findingCount: 0 };
}
