import type { SearchAttributes } from '@temporalio/common';
import type { ScheduleProgress, SealedWindow } from '../../src/contract/schedule';
import type { ProgressView } from '../progress/publishProgress';

/** Windows that the current details list. */
const MAX_DESCRIBED = 10;

/** Progress, and the start of the first window of the run, which the list of windows may no longer hold. */
export interface ShownProgress {
  readonly progress: ScheduleProgress;
  readonly firstFrom: string | undefined;
}

/** What the Web UI shows of a run of auditScheduleWorkflow. */
export const SCHEDULE_VIEW: ProgressView<ShownProgress> = { describe, searchAttributesOf };

function describe({ progress }: ShownProgress): string {
  const { stage, scheduleId, nominalTime, target, sealedUntil, left, current, settledAt, failure } = progress;
  const goal = target === null ? 'no window has ended yet' : `everything before ${target} is to be sealed`;
  const lines = [
    `**${stage}** · schedule \`${scheduleId}\` · run for ${nominalTime} · ${goal}`,
    '',
    `- sealed without a gap until ${sealedUntil ?? 'an instant that is not known yet'}`,
    `- windows: ${progress.windowCount} sealed, ${left} left; ${progress.recordCount} records`,
    `- late records: ${progress.lateCount}; findings: ${progress.findingCount}`,
  ];
  if (settledAt !== undefined) lines.push(`- waiting for slow writers until ${settledAt}`);
  if (current !== undefined)
    lines.push(`- now: ${current.window.from} → ${current.window.to}, job \`${current.jobId}\``);
  lines.push(...progress.windows.slice(-MAX_DESCRIBED).map((sealed) => `- ${lineOf(sealed)}`));
  lines.push(...progress.late.map((sealed) => `- late, ${lineOf(sealed)}`));
  if (failure !== undefined) lines.push('', `failed: ${failure}`);
  return lines.join('\n');
}

function lineOf({ jobId, window, recordCount }: SealedWindow): string {
  return `${window.from} → ${window.to}: ${recordCount} records, job \`${jobId}\``;
}

/** The log time that a run has sealed, or is to seal, and its sums. */
function searchAttributesOf({ progress, firstFrom }: ShownProgress): SearchAttributes {
  const { stage, target, recordCount, findingCount, lateCount } = progress;
  return {
    AuditStage: [stage],
    ...(firstFrom === undefined ? {} : { AuditWindowFrom: [new Date(firstFrom)] }),
    ...(target === null ? {} : { AuditWindowTo: [new Date(Date.parse(target) - 1)] }),
    AuditRecordCount: [recordCount],
    AuditFindings: [findingCount],
    AuditLateCount: [lateCount],
  };
}
