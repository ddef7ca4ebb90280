import { snapshotIdOf, workflowIdOf } from '../src/contract/names';
import type { AuditSnapshotResult } from '../src/contract/snapshot';
import { SnapshotError } from '../src/errors';
import type { SealingDeps } from '../src/sealing/deps';
import { requireOwnOrigin } from '../src/sealing/ownOrigin';
import { withHeartbeat } from '../src/temporal/heartbeat';

/**
 * The result of a snapshot that another run seals, or null when that run ended without one. WINDOW_BUSY (retryable) until
 * it ends: waiting by retries holds no slot of the worker and adds nothing to the history.
 */
export function awaitSnapshot(
  deps: SealingDeps,
  { jobId }: { readonly jobId: string },
): Promise<AuditSnapshotResult | null> {
  return withHeartbeat(() => resultOf(deps, jobId));
}

async function resultOf(deps: SealingDeps, jobId: string): Promise<AuditSnapshotResult | null> {
  const workflowId = workflowIdOf(jobId);
  // Read in this order: a workflow closes its snapshot's row before it ends, so no result is missed in between.
  const open = await deps.workflowStatus.isOpen(workflowId);
  const row = await deps.snapshots.find(snapshotIdOf(jobId));
  if (row) requireOwnOrigin(row, deps.settings);
  if (row?.result != null) return row.result;
  if (!open) return null;
  throw new SnapshotError(
    'WINDOW_BUSY',
    `workflow ${workflowId} is sealing the window of job ${jobId}; it is waited for`,
    {
      retryable: true,
    },
  );
}
