import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  proxyActivities,
} from '@temporalio/workflow';
import { failureOf, unwrapFailure } from '../../src/contract/failure';
import { SNAPSHOT_WORKFLOW, snapshotIdOf, workflowIdOf } from '../../src/contract/names';
import type { AuditScheduleInput, PlannedSnapshot, ScheduleActivities } from '../../src/contract/schedule';
import type { AuditSnapshotInput, AuditSnapshotResult } from '../../src/contract/snapshot';
import { givenPolicy } from '../../src/contract/timePolicy';
import { QUICK } from '../snapshot/activityOptions';

/** No limit of tries: another run may take as long as its job takes, and a retry adds nothing to the history. */
const { awaitSnapshot } = proxyActivities<ScheduleActivities>(QUICK);

/**
 * Seals one planned snapshot in a workflow of its own, or waits for the run that is sealing it already. Fails with the code
 * of the snapshot.
 */
export async function sealScheduled(
  schedule: AuditScheduleInput,
  planned: PlannedSnapshot,
): Promise<AuditSnapshotResult> {
  for (;;) {
    try {
      return await startSnapshot(schedule, planned);
    } catch (error) {
      if (isCancellation(error)) throw error;
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw windowFailure(planned, error);
    }
    const result = await awaitSnapshot({ jobId: planned.jobId });
    if (result !== null) return result;
  }
}

function startSnapshot(
  { scheduleId, ...policy }: AuditScheduleInput,
  { jobId, window, onTamper }: PlannedSnapshot,
): Promise<AuditSnapshotResult> {
  const { from, to } = window;
  const input: AuditSnapshotInput = { jobId, from, to, onTamper, ...givenPolicy(policy) };
  return executeChild<(input: AuditSnapshotInput) => Promise<AuditSnapshotResult>>(SNAPSHOT_WORKFLOW, {
    workflowId: workflowIdOf(jobId),
    args: [input],
    // The snapshot of a terminated parent keeps running: the next run of the schedule finds it, or its result.
    parentClosePolicy: ParentClosePolicy.ABANDON,
    memo: { schedule: scheduleId },
    staticSummary: `Seal the audit log ${from} → ${to}`,
    staticDetails: `Schedule \`${scheduleId}\`, job \`${jobId}\`, snapshot \`${snapshotIdOf(jobId)}\`, window ${from} → ${to}, both inclusive.`,
  });
}

/** The failure of a snapshot as the failure of the schedule's run: the same code, with the window in the message. */
function windowFailure({ jobId, window }: PlannedSnapshot, error: unknown): ApplicationFailure {
  const { code, message } = failureOf(error);
  const cause = unwrapFailure(error);
  return ApplicationFailure.create({
    type: code,
    message: `window ${window.from} → ${window.to}, job ${jobId}: ${message}`,
    nonRetryable: true,
    ...(cause instanceof Error ? { cause } : {}),
  });
}
