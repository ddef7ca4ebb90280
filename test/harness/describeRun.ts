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

const LAST_EVENTS = 5;

/** Names of `PendingActivityState` of Temporal's API, by their numbers. */
const STATES = ['unspecified', 'scheduled', 'started', 'cancel requested', 'paused', 'pause requested'];

/**
 * Where the run of a job is, for the message of a wait that failed: its status, why it failed, and each pending activity with
 * its state, attempt, age and last failure, the workflow task that waits, the last events and
 * the last failures of activities. Never rejects.
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
    const { scheduledTime, attempt } = raw.pendingWorkflowTask ?? {};
    const task = scheduledTime
      ? [`workflow task, attempt ${attempt}, scheduled ${ageOf(scheduledTime)}`]
      : [];
    const events = (await handle.fetchHistory()).events ?? [];
    const last = events.slice(-LAST_EVENTS).map((event) => `${nameOf(event)} ${ageOf(event.eventTime)}`);
    const failures = events.flatMap(({ activityTaskFailedEventAttributes: failed }) =>
      failed?.failure ? [`an activity failed: ${spell(failed.failure)}`] : [],
    );
    const state = [`run ${runId} is ${status.name}`, ...failure, ...activities, ...task, ...last];
    return [...state, ...failures.slice(-LAST_EVENTS)].join('; ');
  } catch (error) {
    return error instanceof WorkflowNotFoundError ? 'no run was started' : `unknown: ${String(error)}`;
  }
}

/** An event has members for the attributes of every type; those of its own type are set. */
function nameOf(event: object): string {
  const [member = 'an event'] = Object.entries(event)
    .filter(([name, value]) => name.endsWith('EventAttributes') && value)
    .map(([name]) => name.slice(0, -'EventAttributes'.length));
  return member;
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
