import { SnapshotError } from '../errors';
import type { SnapshotRow } from '../ports/snapshotRepository';
import type { SealingDeps } from './deps';
import { listPublishedOverlaps } from './publishedOverlaps';

/**
 * The error of a snapshot that released its window and whose records another snapshot has sealed since, as the ledger
 * says: the chunks it stored earlier would seal them a second time. Undefined when no other snapshot has.
 */
export async function supersededBy(deps: SealingDeps, row: SnapshotRow): Promise<SnapshotError | undefined> {
  const known = new Set(row.overlaps.map(({ snapshotId }) => snapshotId));
  const published = await listPublishedOverlaps(deps, row);
  const later = published.find(({ snapshotId }) => !known.has(snapshotId));
  return later && sealedSince(row.snapshotId, later.snapshotId);
}

/** SNAPSHOT_SUPERSEDED: `later` has sealed records of the window since the snapshot first held it. */
export function sealedSince(snapshotId: string, later: string): SnapshotError {
  const message = `snapshot ${snapshotId} released its window, and ${later} has sealed it since; submit a new job for the records that are left`;
  return new SnapshotError('SNAPSHOT_SUPERSEDED', message);
}
