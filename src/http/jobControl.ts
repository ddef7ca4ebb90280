import { workflowIdOf } from '../contract/names';
import { SnapshotError, isSnapshotError } from '../errors';
import { startAuditSnapshotJob } from '../jobs/handlers/auditSnapshotHandler';
import type { Job } from '../ports/jobStore';
import type { RouteDeps } from './routes/routeDeps';

/** A run reports its outcome just before it closes; this is how long it may take to close. */
const CLOSING_MS = 5_000;
const POLL_INTERVAL_MS = 200;

/** The job with that id; JOB_NOT_FOUND. */
export async function findJob({ jobs }: Pick<RouteDeps, 'jobs'>, jobId: string): Promise<Job> {
  const job = await jobs.find(jobId);
  if (job) return job;
  throw new SnapshotError('JOB_NOT_FOUND', `job ${jobId} does not exist`);
}

/**
 * Requests cancellation of a job; repeating it changes nothing. From signing on its run finishes anyway. JOB_CONFLICT when
 * it has succeeded or failed.
 */
export async function cancelJob(deps: RouteDeps, jobId: string): Promise<Job> {
  const job = await findJob(deps, jobId);
  if (job.status === 'cancelled') return job;
  if (job.status === 'succeeded' || job.status === 'failed') {
    const message = `job ${jobId} has ended as ${job.status}; there is nothing to cancel`;
    throw new SnapshotError('JOB_CONFLICT', message);
  }
  try {
    await deps.snapshots.cancel(jobId);
  } catch (error) {
    if (!isSnapshotError(error, 'JOB_NOT_FOUND')) throw error;
    // No run is open that could report the cancellation: it was never started, or was terminated in Temporal.
    const reason = 'cancelled while no run of the job was open';
    await deps.jobs.report(jobId, { status: 'cancelled', code: 'JOB_CANCELLED', reason });
  }
  return findJob(deps, jobId);
}

/**
 * Starts a failed or cancelled job again; it resumes after its last stored chunk. A queued job whose run never started is
 * started, one whose run is open is left alone. JOB_CONFLICT when it has succeeded, or when its last run does not close.
 */
export async function retryJob(deps: RouteDeps, jobId: string): Promise<Job> {
  const job = await waitUntilRetryable(deps, jobId);
  if (job.status === 'running') return job;
  await deps.jobs.reopen(jobId);
  try {
    await startAuditSnapshotJob(job, deps);
  } catch (error) {
    await restoreOutcome(deps, job);
    throw error;
  }
  return findJob(deps, jobId);
}

/** Waits for the last run to close: a start while it is closing would attach to it instead of starting a new one. */
async function waitUntilRetryable(deps: RouteDeps, jobId: string): Promise<Job> {
  const deadlineMs = deps.nowMs() + CLOSING_MS;
  for (;;) {
    const job = await findJob(deps, jobId);
    if (job.status === 'queued' || job.status === 'running') return job;
    if (job.status === 'succeeded') {
      const message = `job ${jobId} has succeeded; submit a new job to seal records that arrived late`;
      throw new SnapshotError('JOB_CONFLICT', message);
    }
    if (!(await deps.workflowStatus.isOpen(workflowIdOf(jobId)))) return job;
    if (deps.nowMs() >= deadlineMs) {
      const message = `job ${jobId} was reported as ${job.status}, but its run is still open; cancel the run first`;
      throw new SnapshotError('JOB_CONFLICT', message);
    }
    await deps.pause(POLL_INTERVAL_MS);
  }
}

async function restoreOutcome({ jobs }: RouteDeps, { _id, status, error }: Job): Promise<void> {
  if (error === null || (status !== 'failed' && status !== 'cancelled')) return;
  await jobs.report(_id, { status, ...error });
}
