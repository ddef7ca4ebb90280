import { isJobId } from '../contract/names';
import { SnapshotError } from '../errors';

/** USAGE_INVALID unless the text is a job id. */
export function requireJobId(jobId: string): void {
  if (isJobId(jobId)) return;
  throw new SnapshotError('USAGE_INVALID', 'a job id is 1 to 64 lowercase letters, digits and hyphens');
}
