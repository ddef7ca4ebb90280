import type { Progress } from '../contract/snapshot';
import type { Job } from '../ports/jobStore';
import type { JobView } from './schemas';

/** A job row in the form of the API. */
export function viewOf(job: Job, progress?: Progress): JobView {
  const { _id, type, payload, status, result, error, createdAt, updatedAt } = job;
  const times = { createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
  const shown = { jobId: _id, type, payload, status, result, error, ...times };
  return progress === undefined ? shown : { ...shown, progress };
}
