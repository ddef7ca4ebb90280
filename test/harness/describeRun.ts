import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import { workflowIdOf } from '../../src/contract/names';

type Failure = NonNullable<
  NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number]['lastFailure']
>;

/** Names of `PendingActivityState` of Temporal's API, by their numbers. */
const STATES = ['unspecified', 'scheduled', 'started', 'cancel requested', 'paused', 'pause requested'];

/**
 * Where the run of a job is, for the message of a wait that failed: its status, and each pending activity with its state,
 * attempt, age and last failure. Never rejects.
 */
export async function describeRun(client: Client, jobId: string): Promise<string> {
  try {
    const { status, runId, raw } = await client.workflow.getHandle(workflowIdOf(jobId)).describe();
    const activities = (raw.pendingActivities ?? []).map(
      ({ activityType, state, attempt, lastStartedTime, lastHeartbeatTime, lastFailure }) =>
        [
          activityType?.name,
          STATES[Number(state)],
          `attempt ${attempt}`,
          `started ${ageOf(lastStartedTime)}`,
          `last heartbeat ${ageOf(lastHeartbeatTime)}`,
          ...(lastFailure ? [`last failure: ${spell(lastFailure)}`] : []),
        ].join(', '),
    );
    return [`run ${runId} is ${status.name}`, ...activities].join('; ');
  } catch (error) {
    return error instanceof WorkflowNotFoundError ? 'no run was started' : `unknown: ${String(error)}`;
  }
}

function ageOf(time: { readonly seconds?: unknown } | null | undefined): string {
  return time ? `${Math.round(Date.now() / 1000 - Number(time.seconds ?? 0))} s ago` : 'never';
}

function spell({ message, applicationFailureInfo, cause }: Failure): string {
  const type = applicationFailureInfo?.type;
  const own = [type, message].filter(Boolean).join(': ');
  return cause ? `${own} (${spell(cause)})` : own;
}
