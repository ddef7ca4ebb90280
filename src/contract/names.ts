/**
 * The room of everything that crosses Temporal: names, ids, windows, inputs and outputs. Workflows, activities, the
 * client and the job service share it, so it holds types and pure functions alone.
 *
 * This file has the persisted names. Changing one strands running workflows, schedules and saved Web UI queries.
 */
export const TASK_QUEUE = 'audit-snapshot';
export const SNAPSHOT_WORKFLOW = 'auditSnapshotWorkflow';
export const VERIFY_WORKFLOW = 'auditVerifyWorkflow';
export const PROGRESS_QUERY = 'progress';
export const SNAPSHOT_JOB_TYPE = 'audit.snapshot';

/** `snapshotAssetId` of a window without records. */
export const NO_ASSET = 'NONE';

/** The workflow id of a job's snapshot: one job has at most one open run. */
export function workflowIdOf(jobId: string): string {
  return `audit-snapshot/${jobId}`;
}

/** The job of a workflow id; an id of another form is returned unchanged. */
export function jobIdOf(workflowId: string): string {
  return workflowId.replace(/^audit-snapshot\//, '');
}

/** One job is one snapshot: the id, and with it every object key, derives from the job id alone. */
export function snapshotIdOf(jobId: string): string {
  return `snap-${jobId}`;
}

/** The job of a snapshot id. */
export function jobIdOfSnapshot(snapshotId: string): string {
  return snapshotId.replace(/^snap-/, '');
}

/** What a job id is, for error messages; job ids become object keys and note names. */
export const JOB_ID_RULE = '1 to 64 lowercase letters, digits and hyphens, the first not a hyphen';

/** The form of a job id, by {@link JOB_ID_RULE}. */
export const JOB_ID = /^[a-z0-9][a-z0-9-]{0,63}$/;
/** The form of the {@link snapshotIdOf} a job id. */
export const SNAPSHOT_ID = /^snap-[a-z0-9][a-z0-9-]{0,63}$/;

/** True for a text of the form {@link JOB_ID}. */
export function isJobId(text: string): boolean {
  return JOB_ID.test(text);
}
