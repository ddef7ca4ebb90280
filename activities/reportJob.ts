import type { ReportJobInput } from '../src/contract/activities';
import type { ActivityDeps } from './deps';

/** Tells the job service how the job ended. Last of all: nothing is reported before all else is durable. */
export function reportJob(deps: ActivityDeps, { jobId, outcome }: ReportJobInput): Promise<void> {
  return deps.jobs.report(jobId, outcome);
}
