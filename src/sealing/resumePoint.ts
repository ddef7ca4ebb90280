import type { HashState, ResumePoint } from '../contract/activities';
import { newDigest } from '../evidence/logDigest';
import type { SnapshotRow } from '../ports/snapshotRepository';
import { listedCursor } from './chunkCursor';
import type { SealingDeps } from './deps';

/** Width of the first slice of log time; later slices follow the density of the log. */
const FIRST_SLICE_MS = 60_000;

/** Where sealing resumes: after the last stored chunk, or at the start of the window. */
export async function readResumePoint(deps: SealingDeps, row: SnapshotRow): Promise<ResumePoint> {
  const complete = row.chunkCount !== null;
  const last =
    row.chunkCount === null
      ? await deps.snapshots.lastChunk(row.snapshotId)
      : await deps.snapshots.findChunk(row.snapshotId, row.chunkCount - 1);
  // A row of an earlier version may hold a long id.
  if (last) return { ...last.checkpoint, cursor: listedCursor(last.checkpoint.cursor), complete };
  return {
    nextIndex: 0,
    cursor: { after: null, sliceMs: FIRST_SLICE_MS },
    hash: await emptyHashState(),
    complete,
  };
}

/** The state before the first record of a snapshot. */
export async function emptyHashState(): Promise<HashState> {
  const digest = await newDigest();
  return { range: { begin: 0, end: 0, hashes: [] }, digestState: digest.save(), findingCount: 0 };
}
