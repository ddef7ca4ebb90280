import type { Progress } from '../../contract/snapshot';
import { findJob } from '../control';
import type { JobState } from './jobPoller';
import type { ServiceDeps } from '../routes/routeDeps';

const PROGRESS_MS = 2_000;

/** A job with its progress; JOB_NOT_FOUND. */
export async function seeJob(deps: ServiceDeps, jobId: string): Promise<JobState> {
  const job = await findJob(deps, jobId);
  return { job, progress: job.status === 'running' ? await progressOf(deps, jobId) : undefined };
}

/** Best effort: a job is shown without progress rather than late. */
async function progressOf(deps: ServiceDeps, jobId: string): Promise<Progress | undefined> {
  const answered = new AbortController();
  const late = deps.pause(PROGRESS_MS, answered.signal).then(() => undefined);
  const progress = deps.snapshots.progress(jobId).catch(() => undefined);
  return Promise.race([progress, late]).finally(() => answered.abort());
}
