import type { SearchAttributes } from '@temporalio/common';
import type { Progress, Stage } from '../../src/contract/snapshot';
import type { ProgressView } from '../progress/publishProgress';

/** Stages from which on `hashed` is the final number of records. */
const FINAL_COUNT: readonly Stage[] = ['marking', 'done', 'failed', 'cancelled'];

/** What the Web UI shows of a run of auditSnapshotWorkflow. */
export const SNAPSHOT_VIEW: ProgressView<Progress> = { describe, searchAttributesOf };

function describe(progress: Progress): string {
  const { stage, window, attempt, maxAttempts, idleAttempts = 0, expected, lastFailure } = progress;
  const { stored, hashed, marked, chunks, findings } = progress;
  const of = expected === undefined ? '' : ` of ${expected}`;
  const lines = [
    `**${stage}** · window ${window.from} → ${window.to} · snapshot \`${progress.snapshotId}\``,
    '',
    `- stored ${stored}${of} records in ${chunks} chunks`,
    `- hashed ${hashed}${of}, marked ${marked}${of}`,
    `- findings: ${findings}`,
    `- attempt ${attempt}, ${idleAttempts} of ${maxAttempts} without progress`,
  ];
  if (lastFailure !== undefined) lines.push(`- last failure: ${lastFailure}`);
  return lines.join('\n');
}

function searchAttributesOf(progress: Progress): SearchAttributes {
  const { stage, jobId, snapshotId, window, hashed, findings, late } = progress;
  return {
    AuditJobId: [jobId],
    AuditSnapshotId: [snapshotId],
    AuditStage: [stage],
    AuditWindowFrom: [new Date(window.from)],
    AuditWindowTo: [new Date(window.to)],
    ...(FINAL_COUNT.includes(stage) ? { AuditRecordCount: [hashed] } : {}),
    AuditFindings: [findings],
    ...(late === undefined ? {} : { AuditLateCount: [late] }),
  };
}
