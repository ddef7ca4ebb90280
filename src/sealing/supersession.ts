import { SnapshotError } from '../errors';
import type { SnapshotRow } from '../ports/snapshotRepository';
import type { SealingDeps } from './deps';

/**
 * The error of a snapshot that released its window and whose records another snapshot has sealed since: the chunks it
 * stored earlier would seal them a second time. Undefined when no other snapshot has.
 */
export async function supersededBy(
  deps: SealingDeps,
  { snapshotId, origin, window, leaseSequence }: SnapshotRow,
): Promise<SnapshotError | undefined> {
  const overlapping = await deps.snapshots.listSignedOverlaps(origin, window, snapshotId);
  const later = overlapping.find((other) => (other.leaseSequence ?? 0) > (leaseSequence ?? 0));
  if (!later) return undefined;
  const message = `snapshot ${snapshotId} released its window, and ${later.snapshotId} has sealed it since; submit a new job for the records that are left`;
  return new SnapshotError('SNAPSHOT_SUPERSEDED', message);
}
