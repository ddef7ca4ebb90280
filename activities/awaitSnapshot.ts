import { snapshotIdOf, workflowIdOf } from '../src/contract/names';
import type { AuditSnapshotResult } from '../src/contract/snapshot';
import { SnapshotError } from '../src/errors';
import type { SealingDeps } from '../src/sealing/deps';

/**
 * The result of a snapshot that another run seals, or null when that run ended without one. WINDOW_BUSY (retryable) until
 * then: a retry waits without holding a place of the worker, and without a trace in the history.
 */
export async function awaitSnapshot(
  deps: SealingDeps,
  { jobId }: { readonly jobId: string },
): Promise<AuditSnapshotResult | null> {
  const workflowId = workflowIdOf(jobId);
  // Asked in this order: what closes in between is closed in the row by the time its workflow has ended.
  const open = await deps.workflowStatus.isOpen(workflowId);
  const row = await deps.snapshots.find(snapshotIdOf(jobId));
  if (row?.result != null) return row.result;
  if (!open) return null;
  throw new SnapshotError('WINDOW_BUSY', `job ${jobId} is being sealed by workflow ${workflowId}`, {
    retryable: true,
  });
}
