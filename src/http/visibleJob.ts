import { SnapshotError } from '../errors';
import type { Job } from '../ports/jobStore';
import type { Caller } from './auth/caller';
import type { RouteDeps } from './routes/routeDeps';
import { isVisible } from './visibility';

/** The job with that id. JOB_NOT_FOUND, also for a job that the caller may not see: it is not told that there is one. */
export async function findVisibleJob(
  { jobs, visibility }: Pick<RouteDeps, 'jobs' | 'visibility'>,
  jobId: string,
  caller: Caller,
): Promise<Job> {
  const job = await jobs.find(jobId);
  if (job && isVisible(job, visibility, caller)) return job;
  throw new SnapshotError('JOB_NOT_FOUND', `job ${jobId} does not exist`);
}
