import type { Progress } from '../contract/snapshot';
import type { Job } from '../ports/jobStore';
import type { JobView } from './schemas';

/** A job row in the form of the API. */
export function viewOf(job: Job, progress?: Progress): JobView {
  const { _id, type, payload, status, result, error, createdAt, updatedAt, submittedBy, actions } = job;
  const times = { createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
  const callers = {
    ...(submittedBy === undefined ? {} : { submittedBy }),
    ...(actions === undefined
      ? {}
      : { actions: actions.map(({ action, by, at }) => ({ action, by, at: at.toISOString() })) }),
  };
  const shown = { jobId: _id, type, payload, status, result, error, ...times, ...callers };
  return progress === undefined ? shown : { ...shown, progress };
}
