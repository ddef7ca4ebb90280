import {
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { workflowIdOf } from '../../src/contract/names';

type Failure = NonNullable<
  NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number]['lastFailure']
>;

/** Names of `PendingActivityState` of Temporal's API, by their numbers. */
const STATES = ['unspecified', 'scheduled', 'started', 'cancel requested', 'paused', 'pause requested'];

/**
 * Where the run of a job is, for the message of a wait that failed: its status, why it failed, and each pending activity with
 * its state, attempt, age and last failure. Never rejects.
 */
export async function describeRun(client: Client, jobId: string): Promise<string> {
  try {
    const handle = client.workflow.getHandle(workflowIdOf(jobId));
    const { status, runId, raw } = await handle.describe();
    const failure = status.name === 'FAILED' ? [await failureOf(handle.result())] : [];
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
    return [`run ${runId} is ${status.name}`, ...failure, ...activities].join('; ');
  } catch (error) {
    return error instanceof WorkflowNotFoundError ? 'no run was started' : `unknown: ${String(error)}`;
  }
}

async function failureOf(result: Promise<unknown>): Promise<string> {
  const error: unknown = await result.catch((failure: unknown) => failure);
  const cause = error instanceof WorkflowFailedError ? error.cause : error;
  return cause instanceof ApplicationFailure ? `${cause.type}: ${cause.message}` : String(cause);
}

function ageOf(time: { readonly seconds?: unknown } | null | undefined): string {
  return time ? `${Math.round(Date.now() / 1000 - Number(time.seconds ?? 0))} s ago` : 'never';
}

function spell({ message, applicationFailureInfo, cause }: Failure): string {
  const type = applicationFailureInfo?.type;
  const own = [type, message].filter(Boolean).join(': ');
  return cause ? `${own} (${spell(cause)})` : own;
}
