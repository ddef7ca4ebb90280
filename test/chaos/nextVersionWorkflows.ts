import { patched } from '@temporalio/workflow';
import type { AuditSnapshotInput, AuditSnapshotResult, ContinuedState } from '../../src/contract/snapshot';
import { auditSnapshotWorkflow as former } from '../../workflows/auditSnapshotWorkflow';

/** The workflow of the next version: runs that began before it continue as they began. */
export async function auditSnapshotWorkflow(
  given: AuditSnapshotInput,
  continued?: ContinuedState,
): Promise<AuditSnapshotResult> {
  patched('chaos-next-version');
  return former(given, continued);
}
