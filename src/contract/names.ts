/** Persisted names: changing one strands running workflows, schedules and saved Web UI queries. */
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

/** The job of a workflow id; an id of another form is given back as it is. */
export function jobIdOf(workflowId: string): string {
  return workflowId.replace(/^audit-snapshot\//, '');
}

/** One job is one snapshot: the id, and with it every object key, derives from the job id alone. */
export function snapshotIdOf(jobId: string): string {
  return `snap-${jobId}`;
}

/** Job ids become object keys and note names, so they are lowercase letters, digits and `-`, at most 64. */
export const JOB_ID = /^[a-z0-9][a-z0-9-]{0,63}$/;
/** The form of every {@link snapshotIdOf} a job id. */
export const SNAPSHOT_ID = /^snap-[a-z0-9][a-z0-9-]{0,63}$/;

/** True for a text of the form {@link JOB_ID}. */
export function isJobId(text: string): boolean {
  return JOB_ID.test(text);
}
