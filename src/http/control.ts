import { workflowIdOf } from '../contract/names';
import { SnapshotError } from '../errors';
import type { IJob } from '../models/job.model';
import { startAuditSnapshotJob } from '../jobs/handlers/auditSnapshotHandler';
import type { RouteDeps } from './routes/routeDeps';

/** A run reports its end just in front of ending; it is given this long to be gone. */
const CLOSING_MS = 5_000;
const LOOK_EVERY_MS = 200;

/** The job of that id; JOB_NOT_FOUND. */
export async function findJob({ jobs }: Pick<RouteDeps, 'jobs'>, jobId: string): Promise<IJob> {
  const job = await jobs.find(jobId);
  if (job) return job;
  throw new SnapshotError('JOB_NOT_FOUND', `there is no job ${jobId}`);
}

/**
 * Asks a job to stop; repeating it changes nothing. From signing on its run finishes all the same. JOB_CONFLICT when it
 * has ended otherwise.
 */
export async function cancelJob(deps: RouteDeps, jobId: string): Promise<IJob> {
  const job = await findJob(deps, jobId);
  if (job.status === 'cancelled') return job;
  if (job.status === 'succeeded' || job.status === 'failed') {
    throw new SnapshotError(
      'JOB_CONFLICT',
      `job ${jobId} has ended as ${job.status}; there is nothing to cancel`,
    );
  }
  try {
    await deps.snapshots.cancel(jobId);
  } catch (error) {
    if (!(error instanceof SnapshotError) || error.code !== 'JOB_NOT_FOUND') throw error;
    // Nothing runs that could say so itself: it was never started, or was terminated in Temporal.
    const reason = 'cancelled while no run of it was open';
    await deps.jobs.report(jobId, { status: 'cancelled', code: 'JOB_CANCELLED', reason });
  }
  return findJob(deps, jobId);
}

/**
 * Starts a job again that failed or was cancelled; it goes on from its checkpoint. One that waits or runs is attached to.
 * JOB_CONFLICT when it has succeeded, or when its last run does not end.
 */
export async function retryJob(deps: RouteDeps, jobId: string): Promise<IJob> {
  const ended = await untilRetryable(deps, jobId);
  if (ended.status === 'running') return ended;
  await deps.jobs.reopen(jobId);
  try {
    await startAuditSnapshotJob(ended, deps);
  } catch (error) {
    await putBack(deps, ended);
    throw error;
  }
  return findJob(deps, jobId);
}

/** A run that is still closing would be attached to instead of being followed by a new one, so its end is waited for. */
async function untilRetryable(deps: RouteDeps, jobId: string): Promise<IJob> {
  const deadlineMs = deps.nowMs() + CLOSING_MS;
  for (;;) {
    const job = await findJob(deps, jobId);
    if (job.status === 'queued' || job.status === 'running') return job;
    if (job.status === 'succeeded') {
      const message = `job ${jobId} has succeeded; submit a new job to seal what arrived late`;
      throw new SnapshotError('JOB_CONFLICT', message);
    }
    if (!(await deps.directory.isOpen(workflowIdOf(jobId)))) return job;
    if (deps.nowMs() >= deadlineMs) {
      const message = `job ${jobId} was reported as ${job.status}, but its run is still open; cancel the run first`;
      throw new SnapshotError('JOB_CONFLICT', message);
    }
    await deps.pause(LOOK_EVERY_MS);
  }
}

async function putBack({ jobs }: RouteDeps, { _id, status, error }: IJob): Promise<void> {
  if (error === null || (status !== 'failed' && status !== 'cancelled')) return;
  await jobs.report(_id, { status, ...error });
}
