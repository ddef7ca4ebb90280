import type { Progress } from '../../contract/snapshot';
import { findJob } from '../../jobs/jobControl';
import type { ServiceDeps } from '../routes/routeDeps';
import type { JobState } from './jobPoller';

const PROGRESS_MS = 2_000;

/** Loads a job with its progress; JOB_NOT_FOUND. */
export async function loadJobState(deps: ServiceDeps, jobId: string): Promise<JobState> {
  const job = await findJob(deps, jobId);
  return { job, progress: job.status === 'running' ? await progressOf(deps, jobId) : undefined };
}

/** Best effort: a job is returned without progress rather than late. */
async function progressOf(deps: ServiceDeps, jobId: string): Promise<Progress | undefined> {
  const answered = new AbortController();
  const timeout = deps.pause(PROGRESS_MS, answered.signal).then(() => undefined);
  const progress = deps.snapshots.progress(jobId).catch(() => undefined);
  return Promise.race([progress, timeout]).finally(() => answered.abort());
}
