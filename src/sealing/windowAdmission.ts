import { workflowIdOf } from '../contract/names';
import { SnapshotError } from '../errors';
import type { SnapshotRow, SnapshotSeed } from '../ports/snapshotRepository';
import type { Lease } from '../ports/windowLeaseStore';
import type { SealingDeps } from './deps';
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
 * Stores the lease in the snapshot's row; with the first one also the overlapping windows that are sealed already. A
 * snapshot that lost its lease in between may continue with its stored chunks only if no other snapshot has sealed
 * records of its window since: SNAPSHOT_SUPERSEDED.
 */
export async function admitSnapshot(deps: SealingDeps, row: SnapshotRow, lease: Lease): Promise<void> {
  const { snapshotId, origin, window, leaseSequence } = row;
  if (leaseSequence === lease.sequence) return;
  if (leaseSequence === null) {
    const sealed = await deps.snapshots.listSignedOverlaps(origin, window, snapshotId);
    const overlaps = sealed.map((other) => ({ snapshotId: other.snapshotId, ...other.window }));
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

/** WINDOW_BUSY: temporary by nature, so the call is retried. */
export function windowBusy({ snapshotId, window }: SnapshotSeed, why: string): SnapshotError {
  const message = `window ${window.from} → ${window.to} of ${snapshotId} ${why}`;
  return new SnapshotError('WINDOW_BUSY', message, { retryable: true });
}
