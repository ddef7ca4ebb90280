import { workflowIdOf } from '../contract/names';
import { SnapshotError } from '../errors';
import type { SnapshotRow, SnapshotSeed } from '../ports/snapshotRepository';
import type { Lease } from '../ports/windowLeaseStore';
import type { SealingDeps } from './deps';
import type { LedgerPlace } from './ledgerIndex';
import { listPublishedOverlaps } from './publishedOverlaps';
import { supersededBy } from './supersession';

/**
 * Acquires the lease on a snapshot's window. Blocking leases whose workflow is closed are released, unless signing began.
 * Undefined when any lease changed since `asOf`, be it by such a release: check the snapshot again, then ask again.
 * WINDOW_BUSY (retryable) while a blocking lease is held.
 */
export async function acquireWindow(
  deps: SealingDeps,
  row: SnapshotRow,
  asOf: number,
): Promise<Lease | undefined> {
  const { snapshotId, window, jobId } = row;
  const outcome = await deps.leases.acquire({ snapshotId, window, workflowId: workflowIdOf(jobId), asOf });
  if (outcome.granted) return outcome.lease;
  for (const blocker of outcome.blockers) {
    const holder = `is held by ${blocker.snapshotId} (workflow ${blocker.workflowId})`;
    if (await deps.workflowStatus.isOpen(blocker.workflowId))
      throw windowBusy(row, `${holder}, which is still open`);
    const released = await deps.leases.release(blocker.snapshotId, blocker.sequence);
    if (!released)
      throw windowBusy(
        row,
        `${holder}, which began signing and then stopped: run its job again to finish it`,
      );
  }
  return undefined;
}

/**
 * Stores the lease in the snapshot's row; with the first one also the overlapping windows that the ledger lists. A
 * snapshot that lost its lease in between may continue with its stored chunks only if no other snapshot has sealed
 * records of its window since: SNAPSHOT_SUPERSEDED.
 */
export async function admitSnapshot(deps: SealingDeps, row: SnapshotRow, lease: Lease): Promise<void> {
  const { snapshotId, leaseSequence } = row;
  if (leaseSequence === lease.sequence) return;
  if (leaseSequence === null) {
    const published = await listPublishedOverlaps(deps, row);
    await requirePublished(deps, row, published);
    const overlaps = published.map((other) => ({ snapshotId: other.snapshotId, ...other.window }));
    await deps.snapshots.grant(snapshotId, lease.sequence, overlaps);
    return;
  }
  const superseded = await supersededBy(deps, row);
  if (superseded) {
    await deps.leases.release(snapshotId, lease.sequence);
    throw superseded;
  }
  await deps.snapshots.grant(snapshotId, lease.sequence, row.overlaps);
}

/** A snapshot that is signed and not in the ledger still holds its window, unless its lease was removed: SNAPSHOT_CONFLICT. */
async function requirePublished(
  deps: SealingDeps,
  { snapshotId, origin, window }: SnapshotRow,
  published: readonly LedgerPlace[],
): Promise<void> {
  const listed = new Set(published.map((other) => other.snapshotId));
  const signed = await deps.snapshots.listSignedOverlaps(origin, window, snapshotId);
  const other = signed.find((row) => !listed.has(row.snapshotId));
  if (!other) return;
  const message = `snapshot ${other.snapshotId} overlaps the window of ${snapshotId}; it is signed, but the ledger does not list it. Run its job again to finish it (job ${other.jobId}), then this one`;
  throw new SnapshotError('SNAPSHOT_CONFLICT', message);
}

/** WINDOW_BUSY: temporary by nature, so the call is retried. */
export function windowBusy({ snapshotId, window }: SnapshotSeed, why: string): SnapshotError {
  const message = `window ${window.from} → ${window.to} of ${snapshotId} ${why}`;
  return new SnapshotError('WINDOW_BUSY', message, { retryable: true });
}
