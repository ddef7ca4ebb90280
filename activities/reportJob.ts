import { activityInfo } from '@temporalio/activity';
import type { ReportJobInput } from '../src/contract/activities';
import type { SealingDeps } from '../src/sealing/deps';
import { withHeartbeat } from '../src/temporal/heartbeat';

/** Reports how the job ended. It is the last step, so nothing is reported before everything else is durable. */
export function reportJob(deps: SealingDeps, { jobId, window, outcome }: ReportJobInput): Promise<void> {
  return withHeartbeat(async () => {
    // A run that was started directly may end before openSnapshot, which would have created its job row.
    const { scheduledTimestampMs, workflowExecution } = activityInfo();
    await deps.jobs.ensure({ jobId, ...window }, scheduledTimestampMs);
    await deps.jobs.report(jobId, outcome, workflowExecution?.runId);
  });
}
