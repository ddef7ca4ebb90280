import { workflowIdOf } from '../contract/names';
import type { Manifest } from '../evidence/manifest';
import type { Clock } from '../ports/clock';
import type { SnapshotRepository } from '../ports/snapshotRepository';
import type { WorkflowStatusReader } from '../ports/workflowStatusReader';

/** A job that opened its snapshot longer ago is only taken to be marking while its workflow is open. */
const MARKING_MS = 24 * 3_600_000;

export interface MarkingDeps {
  readonly clock: Clock;
  readonly snapshots: Pick<SnapshotRepository, 'find'>;
  readonly workflowStatus?: WorkflowStatusReader | undefined;
}

/**
 * True while the job of a snapshot may still be marking its records: its row is not closed, and the signed `openedAt` is
 * recent or its workflow is open. Write access to the database alone can therefore not hide an old difference. It has to
 * be read before the records are: whatever is unmarked after the row was closed stays unmarked.
 */
export async function isBeingMarked(
  { clock, snapshots, workflowStatus }: MarkingDeps,
  { snapshotId, jobId, openedAt }: Manifest,
): Promise<boolean> {
  const row = await snapshots.find(snapshotId);
  if (!row || row.result !== null) return false;
  if (clock.nowMs() - Date.parse(openedAt) < MARKING_MS) return true;
  return (await workflowStatus?.isOpen(workflowIdOf(jobId))) === true;
}
