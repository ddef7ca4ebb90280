import { activityInfo } from '@temporalio/activity';
import type { ReportJobInput } from '../src/contract/activities';
import type { SealingDeps } from '../src/sealing/deps';
import { withHeartbeat } from '../src/temporal/heartbeat';

/** Tells the job service how the job ended. Last of all: nothing is reported before all else is durable. */
export function reportJob(deps: SealingDeps, { jobId, window, outcome }: ReportJobInput): Promise<void> {
  return withHeartbeat(async () => {
    // A run that was started directly may end before it opened its snapshot, which is where its job row is made.
    await deps.jobs.ensure({ jobId, ...window }, activityInfo().scheduledTimestampMs);
    await deps.jobs.report(jobId, outcome);
  });
}
