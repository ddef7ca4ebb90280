import { snapshotIdOf, workflowIdOf } from '../contract/names';
import type { PlannedSnapshot } from '../contract/schedule';
import type { OnTamper } from '../contract/snapshot';
import type { SealingDeps } from './deps';
import { supersededBy } from './supersession';

/**
 * An opened snapshot as it goes on, with its own window and policy. Undefined when it never can: another one sealed its
 * window since, or the schedule has another policy or ledger by now; then a new job takes its window over.
 */
export async function resumable(
  deps: SealingDeps,
  jobId: string,
  onTamper: OnTamper,
): Promise<PlannedSnapshot | undefined> {
  const snapshotId = snapshotIdOf(jobId);
  const row = await deps.snapshots.find(snapshotId);
  if (!row) return undefined;
  const planned = { jobId, window: row.window, onTamper: row.onTamper };
  // What is signed, or being sealed right now, is finished whatever the schedule says today.
  if (row.signature !== null || (await deps.leases.find(snapshotId))?.signing === true) return planned;
  if (await deps.workflowStatus.isOpen(workflowIdOf(jobId))) return planned;
  if (row.onTamper !== onTamper || row.origin !== deps.settings.origin) return undefined;
  // One that never held its window has stored nothing that others could have sealed since.
  const superseded = row.leaseSequence === null ? undefined : await supersededBy(deps, row);
  return superseded === undefined ? planned : undefined;
}
