import { snapshotIdOf, workflowIdOf } from '../contract/names';
import { SnapshotError, isSnapshotError } from '../errors';
import type { Job, JobStore } from '../ports/jobStore';
import type { SnapshotRepository } from '../ports/snapshotRepository';
import type { WorkflowState, WorkflowStateReader } from '../ports/workflowStatusReader';
import {
  startAuditSnapshotJob,
  type HandlerDeps,
  type SnapshotStarter,
} from './handlers/auditSnapshotHandler';

/** A run reports its outcome just before it closes; this is how long it may take to close. */
const CLOSING_MS = 5_000;
const POLL_INTERVAL_MS = 200;

/** What cancelling and retrying a job needs: its row, the row of its snapshot, and its run. */
export interface JobControlDeps extends HandlerDeps {
  readonly jobs: Pick<JobStore, 'find' | 'reopen' | 'report'>;
  readonly snapshotRows: Pick<SnapshotRepository, 'find'>;
  readonly snapshots: SnapshotStarter & {
    /** Requests cancellation; JOB_NOT_FOUND when Temporal has no run. */
    cancel(jobId: string): Promise<void>;
  };
  readonly workflowStatus: WorkflowStateReader;
  readonly pause: (ms: number) => Promise<void>;
}

/** The job with that id; JOB_NOT_FOUND. */
export async function findJob({ jobs }: Pick<JobControlDeps, 'jobs'>, jobId: string): Promise<Job> {
  const job = await jobs.find(jobId);
  if (job) return job;
  throw new SnapshotError('JOB_NOT_FOUND', `job ${jobId} does not exist`);
}

/**
 * Requests cancellation of a job; repeating it changes nothing. From signing on its run finishes anyway. If its run was
 * terminated or is lost, a new run does the same: it releases the window, or finishes what is signed. JOB_CONFLICT when the
 * job has succeeded or failed, SNAPSHOT_LOST when only the database does not know that it has succeeded.
 */
export async function cancelJob(deps: JobControlDeps, jobId: string): Promise<Job> {
  const { job, state } = await readControlled(deps, jobId);
  if (job.status === 'cancelled') return job;
  if (job.status === 'succeeded' || job.status === 'failed') {
    const message = `job ${jobId} has ended as ${job.status}; there is nothing to cancel`;
    throw new SnapshotError('JOB_CONFLICT', message);
  }
  if (state !== 'open') {
    requireNotCompleted(jobId, state);
    if (await wasNeverOpened(deps, job)) {
      const reason = 'cancelled before a run of the job had opened its snapshot';
      await deps.jobs.report(jobId, { status: 'cancelled', code: 'JOB_CANCELLED', reason });
      return findJob(deps, jobId);
    }
    await startAgain(deps, job);
  }
  await requestCancel(deps, jobId);
  return findJob(deps, jobId);
}

/**
 * Starts a failed or cancelled job again, or one whose run was terminated or is lost; it resumes after its last stored
 * chunk. A job whose run is open is left alone. JOB_CONFLICT when it has succeeded, or when its last run does not close;
 * SNAPSHOT_LOST when only the database does not know that it has succeeded.
 */
export async function retryJob(deps: JobControlDeps, jobId: string): Promise<Job> {
  const { job, state } = await waitUntilRetryable(deps, jobId);
  if (state === 'open') return job;
  requireNotCompleted(jobId, state);
  await deps.jobs.reopen(jobId);
  try {
    await startAgain(deps, job);
  } catch (error) {
    await restoreOutcome(deps, job);
    throw error;
  }
  return findJob(deps, jobId);
}

/** A job and its latest run, as they are at one time. */
interface Controlled {
  readonly job: Job;
  readonly state: WorkflowState;
}

/**
 * Reads the row again when the run has closed: a run reports its outcome just before it closes, so a row that was read
 * earlier may be out of date.
 */
async function readControlled(deps: JobControlDeps, jobId: string): Promise<Controlled> {
  const job = await findJob(deps, jobId);
  const state = await deps.workflowStatus.stateOf(workflowIdOf(jobId));
  return { job: state === 'open' ? job : await findJob(deps, jobId), state };
}

/** Waits for the last run to close: a start while it is closing would attach to it instead of starting a new one. */
async function waitUntilRetryable(deps: JobControlDeps, jobId: string): Promise<Controlled> {
  const deadlineMs = deps.nowMs() + CLOSING_MS;
  for (;;) {
    const { job, state } = await readControlled(deps, jobId);
    if (job.status === 'succeeded') {
      const message = `job ${jobId} has succeeded; submit a new job to seal records that arrived late`;
      throw new SnapshotError('JOB_CONFLICT', message);
    }
    if (state !== 'open' || job.status === 'queued' || job.status === 'running') return { job, state };
    if (deps.nowMs() >= deadlineMs) {
      const message = `job ${jobId} was reported as ${job.status}, but its run is still open; cancel the run first`;
      throw new SnapshotError('JOB_CONFLICT', message);
    }
    await deps.pause(POLL_INTERVAL_MS);
  }
}

/**
 * Refuses to return the result of a run that has completed if the database does not know it: its snapshot may not be
 * there, and its records may not be marked. SNAPSHOT_LOST.
 */
export async function requireResultKnown(
  {
    jobs,
    workflowStatus,
  }: { readonly jobs: Pick<JobStore, 'find'>; readonly workflowStatus: WorkflowStateReader },
  jobId: string,
): Promise<void> {
  const state = await workflowStatus.stateOf(workflowIdOf(jobId));
  if (state !== 'completed' || (await jobs.find(jobId))?.status === 'succeeded') return;
  requireNotCompleted(jobId, state);
}

/** A run completes only after its job was reported: the row was restored to an older state. SNAPSHOT_LOST. */
function requireNotCompleted(jobId: string, state: WorkflowState): void {
  if (state !== 'completed') return;
  const message = `the run of job ${jobId} has sealed its window, but the database does not know it: it was restored to an older state. Nothing was started; run audit-snapshot restore --from-evidence --key trust.json`;
  throw new SnapshotError('SNAPSHOT_LOST', message);
}

/** A queued job whose snapshot has no row holds no window, and no chunk of it is stored. */
async function wasNeverOpened({ snapshotRows }: JobControlDeps, { _id, status }: Job): Promise<boolean> {
  return status === 'queued' && (await snapshotRows.find(snapshotIdOf(_id))) === undefined;
}

/** Starts a run with the policy that the snapshot was opened with: with another one it could not be continued. */
async function startAgain(deps: JobControlDeps, job: Job): Promise<void> {
  const row = await deps.snapshotRows.find(snapshotIdOf(job._id));
  await startAuditSnapshotJob(job, deps, row?.onTamper);
}

/** The run may end before the request reaches it; then the row has its outcome. */
async function requestCancel(deps: JobControlDeps, jobId: string): Promise<void> {
  try {
    await deps.snapshots.cancel(jobId);
  } catch (error) {
    if (!isSnapshotError(error, 'JOB_NOT_FOUND')) throw error;
  }
}

async function restoreOutcome({ jobs }: JobControlDeps, { _id, status, error }: Job): Promise<void> {
  if (error === null || (status !== 'failed' && status !== 'cancelled')) return;
  await jobs.report(_id, { status, ...error });
}
