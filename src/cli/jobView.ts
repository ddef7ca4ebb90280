import { snapshotIdOf } from '../contract/names';
import type { IJob } from '../models/job.model';

/** A job as `--json` prints it, with the member names of the job service. */
export function jobView({ _id, type, status, payload, result, error, createdAt, updatedAt }: IJob) {
  const times = { createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
  return { jobId: _id, snapshotId: snapshotIdOf(_id), type, status, payload, result, error, ...times };
}
