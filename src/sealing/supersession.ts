import { SnapshotError } from '../errors';
import type { SnapshotRow } from '../ports/snapshotRepository';
import type { SealingDeps } from './deps';

/**
 * The error of a snapshot that gave its window up and whose records others sealed meanwhile: what it stored before would
 * seal them a second time. Undefined while nobody did.
 */
export async function supersededBy(
  deps: SealingDeps,
  { snapshotId, origin, window, leaseSequence }: SnapshotRow,
): Promise<SnapshotError | undefined> {
  const overlaps = await deps.snapshots.listSignedOverlaps(origin, window, snapshotId);
  const later = overlaps.find((other) => (other.leaseSequence ?? 0) > (leaseSequence ?? 0));
  if (!later) return undefined;
  const message = `snapshot ${snapshotId} gave its window up and ${later.snapshotId} sealed it since; submit a new job for what is left`;
  return new SnapshotError('SNAPSHOT_SUPERSEDED', message);
}
