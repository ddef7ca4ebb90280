import {
  ActivityNotFoundError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { GRPC_NOT_FOUND, grpcCodeOf, toTemporalError } from './connection';

/** `PENDING_ACTIVITY_STATE_STARTED` of Temporal's API. */
const STARTED = 2;
const WORKFLOWS_AT_ONCE = 10;

/**
 * What ran for less than this when its worker died may be what killed it. From the third attempt on it is then left to
 * the pauses of its retry policy, so that it does not take down one worker after another; all else goes on at once.
 */
const SUSPICIOUS_MS = 5_000;
const ATTEMPTS_WITHOUT_SUSPICION = 2;

type PendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

interface Place {
  readonly workflowId: string;
  readonly runId: string;
}

/**
 * Gives what a worker left when it died to the others, without waiting for timeouts: fails the activities that it runs
 * with WORKER_DIED, so that they are retried, and lets workflow tasks go to any worker again. Returns how many
 * activities that were. One that is failed although it had just begun elsewhere costs a retry and nothing else. TEMPORAL_*.
 */
export async function recoverFromDeadWorkers(
  client: Client,
  taskQueue: string,
  isGone: (identity: string) => boolean,
): Promise<number> {
  try {
    const query = `TaskQueue = '${taskQueue.replaceAll("'", "''")}' AND ExecutionStatus = 'Running'`;
    const open: Place[] = [];
    for await (const { workflowId, runId } of client.workflow.list({ query }))
      open.push({ workflowId, runId });
    let count = 0;
    for (let start = 0; start < open.length; start += WORKFLOWS_AT_ONCE) {
      const some = open.slice(start, start + WORKFLOWS_AT_ONCE);
      for (const failed of await Promise.all(some.map((place) => handOverWorkflow(client, place, isGone))))
        count += failed;
    }
    return count;
  } catch (error) {
    throw toTemporalError(`handing over task queue ${taskQueue}`, error);
  }
}

async function handOverWorkflow(
  client: Client,
  place: Place,
  isGone: (identity: string) => boolean,
): Promise<number> {
  try {
    const { namespace } = client.options;
    // Its tasks went to the worker that has it in memory, if that is the one that died. Elsewhere this costs a replay.
    await client.workflowService.resetStickyTaskQueue({ namespace, execution: place });
    const { raw } = await client.workflow.getHandle(place.workflowId, place.runId).describe();
    const left = (raw.pendingActivities ?? []).filter(
      ({ state, lastWorkerIdentity }) => Number(state) === STARTED && isGone(lastWorkerIdentity ?? ''),
    );
    const failed = left.map((activity) => failActivity(client, place, activity));
    return (await Promise.all(failed)).filter(Boolean).length;
  } catch (error) {
    // It closed since it was listed.
    if (error instanceof WorkflowNotFoundError || grpcCodeOf(error) === GRPC_NOT_FOUND) return 0;
    throw error;
  }
}

/** False when it is no longer running: it has ended, or its next attempt waits already. */
async function failActivity(client: Client, place: Place, activity: PendingActivity): Promise<boolean> {
  const { activityId, attempt, lastStartedTime, lastWorkerIdentity } = activity;
  const ranMs = Date.now() - Number(lastStartedTime?.seconds ?? 0) * 1000;
  const atOnce = ranMs >= SUSPICIOUS_MS || Number(attempt) <= ATTEMPTS_WITHOUT_SUSPICION;
  const failure = ApplicationFailure.create({
    type: 'WORKER_DIED',
    message: `the worker process that ran it ended [worker=${lastWorkerIdentity}]`,
    ...(atOnce ? { nextRetryDelay: '10ms' } : {}),
  });
  try {
    await client.activity.fail({ ...place, activityId: activityId ?? '' }, failure);
    return true;
  } catch (error) {
    if (error instanceof ActivityNotFoundError) return false;
    throw error;
  }
}
