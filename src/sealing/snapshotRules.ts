import { SnapshotError } from '../errors';
import type { ChunkRow, SnapshotRow, SnapshotSeed } from '../ports/snapshotRepository';
import { deepEqualJson } from './deepEqualJson';
import { requireSameSource } from './ownSource';

/**
 * A job seals one window of one collection under one policy. Opening it again with another is SNAPSHOT_CONFLICT, or
 * SOURCE_MISMATCH for another collection or other names of its members. A closed snapshot without findings is what either
 * policy seals.
 */
export function refuseOtherPlan(row: SnapshotRow, seed: SnapshotSeed): SnapshotRow {
  const { window, onTamper, origin, source } = seed;
  requireSameSource(row, source);
  const samePolicy = row.onTamper === onTamper || row.result?.findingCount === 0;
  if (deepEqualJson(row.window, window) && samePolicy && row.origin === origin) return row;
  const known = `${row.window.from} → ${row.window.to}, onTamper ${row.onTamper}, origin ${row.origin}`;
  const message = `job ${row.jobId} was opened for ${known}; submit a new job for another window or policy`;
  throw new SnapshotError('SNAPSHOT_CONFLICT', message);
}

/**
 * True when two rows describe the same chunk. Of the resume point after it only the hashes count: the width of the next
 * slice differs between attempts, and nothing that is sealed depends on it.
 */
export function sameChunk(left: ChunkRow, right: ChunkRow): boolean {
  const { checkpoint: ours, ...known } = left;
  const { checkpoint: theirs, ...given } = right;
  return deepEqualJson(known, given) && deepEqualJson(ours.hash.range, theirs.hash.range);
}
