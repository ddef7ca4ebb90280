import { snapshotIdOf, workflowIdOf } from '../contract/names';
import type { PlannedSnapshot } from '../contract/schedule';
import type { OnTamper } from '../contract/snapshot';
import type { SealingDeps } from './deps';
import { requireOwnOrigin } from './ownOrigin';
import { supersededBy } from './supersession';

/**
 * An opened snapshot that can be resumed, with its own window and policy. Undefined when it cannot: another snapshot has
 * sealed its window since, or the schedule now has another policy; then a new job must take the window over.
 * ORIGIN_MISMATCH.
 */
export async function findResumable(
  deps: SealingDeps,
  jobId: string,
  onTamper: OnTamper,
): Promise<PlannedSnapshot | undefined> {
  const snapshotId = snapshotIdOf(jobId);
  const row = await deps.snapshots.find(snapshotId);
  if (!row) return undefined;
  requireOwnOrigin(row, deps.settings);
  const planned = { jobId, window: row.window, onTamper: row.onTamper };
  // A snapshot that is signed, or being signed, must be finished whatever the schedule says now.
  if (row.signature !== null || (await deps.leases.find(snapshotId))?.signing === true) return planned;
  if (await deps.workflowStatus.isOpen(workflowIdOf(jobId))) return planned;
  if (row.onTamper !== onTamper) return undefined;
  // A snapshot that never held its window has stored no chunk that others could have sealed since.
  const superseded = row.leaseSequence === null ? undefined : await supersededBy(deps, row);
  return superseded === undefined ? planned : undefined;
}
