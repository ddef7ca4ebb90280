import { boundsOf } from '../contract/window';
import type { SnapshotRow } from '../ports/snapshotRepository';
import { uncoveredBy } from '../verify/uncovered';
import type { SealingDeps } from './deps';

/**
 * Counts, once for a snapshot, the records that it leaves out, and stores the counts in its row. It happens before any
 * record of the window is marked: what is marked in log time that no earlier snapshot covers was marked by something else.
 * The cost depends on the window and on what is left out, and not on the length of the log. DATABASE_*.
 */
export async function fixLeftOut({ records, snapshots }: SealingDeps, row: SnapshotRow): Promise<void> {
  // Once the chunk list is fixed, the bytes of the manifest are decided: one of an earlier version has no counts.
  if (row.leftOut !== null || row.chunkCount !== null) return;
  const within = boundsOf(row.window);
  const counts = await records.countLeftOut({ within, uncovered: uncoveredBy(row.overlaps, within) });
  await snapshots.fixLeftOut(row.snapshotId, counts);
}
