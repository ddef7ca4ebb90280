import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  proxyActivities,
} from '@temporalio/workflow';
import { SNAPSHOT_WORKFLOW, snapshotIdOf, workflowIdOf } from '../../src/contract/names';
import type { AuditScheduleInput, PlannedSnapshot, ScheduleActivities } from '../../src/contract/schedule';
import type { AuditSnapshotInput, AuditSnapshotResult } from '../../src/contract/snapshot';

/** Without limit of tries: another run may take as long as its job takes, and asking again leaves no trace in the history. */
const { awaitSnapshot } = proxyActivities<ScheduleActivities>({
  startToCloseTimeout: '1m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
});

/**
 * Seals one planned snapshot in a workflow of its own, or waits for the run that is at it already. Fails with the code of
 * the snapshot.
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
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw failed(planned, error);
    }
    const result = await awaitSnapshot({ jobId: planned.jobId });
    if (result !== null) return result;
  }
}

/** The stable code of what a child, an activity or the workflow itself failed with. */
export function codeOf(error: unknown): string {
  const within = error instanceof ChildWorkflowFailure || error instanceof ActivityFailure;
  const cause = within ? error.cause : error;
  return cause instanceof ApplicationFailure ? (cause.type ?? 'INTERNAL') : 'INTERNAL';
}

function startSnapshot(
  { scheduleId, maxAttempts, timeoutSeconds }: AuditScheduleInput,
  { jobId, window, onTamper }: PlannedSnapshot,
): Promise<AuditSnapshotResult> {
  const { from, to } = window;
  const input: AuditSnapshotInput = {
    jobId,
    from,
    to,
    onTamper,
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
  };
  return executeChild<(input: AuditSnapshotInput) => Promise<AuditSnapshotResult>>(SNAPSHOT_WORKFLOW, {
    workflowId: workflowIdOf(jobId),
    args: [input],
    // A terminated parent leaves the snapshot to itself: the next run meets it, or its result.
    parentClosePolicy: ParentClosePolicy.ABANDON,
    memo: { schedule: scheduleId },
    staticSummary: `Seal the audit log ${from} → ${to}`,
    staticDetails: `Schedule \`${scheduleId}\`, job \`${jobId}\`, snapshot \`${snapshotIdOf(jobId)}\`, window ${from} → ${to}, both inclusive.`,
  });
}

function failed({ jobId, window }: PlannedSnapshot, error: unknown): ApplicationFailure {
  const cause = error instanceof ChildWorkflowFailure && error.cause !== undefined ? error.cause : error;
  const message = `window ${window.from} → ${window.to}, job ${jobId}: ${cause instanceof Error ? cause.message : String(cause)}`;
  const type = codeOf(error);
  return ApplicationFailure.create({ type, message, nonRetryable: true, cause: cause as Error });
}
