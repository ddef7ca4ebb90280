import {
  ActivityNotFoundError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { GRPC_STATUS, grpcStatusOf, toTemporalError } from './errors';

/** `PENDING_ACTIVITY_STATE_STARTED` of Temporal's API. */
const STARTED = 2;
const WORKFLOWS_AT_ONCE = 10;

/**
 * An activity that ran for less than this when its worker died may be what killed it. From its third attempt on it then
 * waits for its retry policy, so that it does not kill one worker after another; every other activity is retried at once.
 */
const SUSPICIOUS_MS = 5_000;
const ATTEMPTS_WITHOUT_SUSPICION = 2;

type PendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

interface WorkflowRun {
  readonly workflowId: string;
  readonly runId: string;
}

/**
 * Frees the work of dead workers at once instead of after timeouts: their running activities fail with WORKER_DIED, so
 * that Temporal retries them, and their workflow tasks may go to any worker. Returns how many activities were failed.
 * An activity that had already restarted elsewhere loses one attempt and nothing else. TEMPORAL_*.
 */
export async function recoverFromDeadWorkers(
  client: Client,
  taskQueue: string,
  isDead: (identity: string) => boolean,
): Promise<number> {
  try {
    const open = await listOpenRuns(client, taskQueue);
    let failedCount = 0;
    for (let start = 0; start < open.length; start += WORKFLOWS_AT_ONCE) {
      const runs = open.slice(start, start + WORKFLOWS_AT_ONCE);
      const counts = await Promise.all(runs.map((run) => recoverRun(client, run, isDead)));
      for (const count of counts) failedCount += count;
    }
    return failedCount;
  } catch (error) {
    throw toTemporalError(`recovering the work of dead workers on task queue ${taskQueue}`, error);
  }
}

async function listOpenRuns(client: Client, taskQueue: string): Promise<WorkflowRun[]> {
  const query = `TaskQueue = '${taskQueue.replaceAll("'", "''")}' AND ExecutionStatus = 'Running'`;
  const open: WorkflowRun[] = [];
  for await (const { workflowId, runId } of client.workflow.list({ query })) open.push({ workflowId, runId });
  return open;
}

async function recoverRun(
  client: Client,
  run: WorkflowRun,
  isDead: (identity: string) => boolean,
): Promise<number> {
  try {
    const { namespace } = client.options;
    // Its tasks go to the worker that has it in memory, possibly the dead one. For a living one this costs a replay.
    await client.workflowService.resetStickyTaskQueue({ namespace, execution: run });
    const { raw } = await client.workflow.getHandle(run.workflowId, run.runId).describe();
    const orphaned = (raw.pendingActivities ?? []).filter(
      ({ state, lastWorkerIdentity }) => Number(state) === STARTED && isDead(lastWorkerIdentity ?? ''),
    );
    const failed = await Promise.all(orphaned.map((activity) => failActivity(client, run, activity)));
    return failed.filter(Boolean).length;
  } catch (error) {
    // It closed after it was listed.
    if (error instanceof WorkflowNotFoundError || grpcStatusOf(error) === GRPC_STATUS.NOT_FOUND) return 0;
    throw error;
  }
}

/** False when the activity no longer runs: it has ended, or its next attempt is already scheduled. */
async function failActivity(client: Client, run: WorkflowRun, activity: PendingActivity): Promise<boolean> {
  const { activityId, attempt, lastStartedTime, lastWorkerIdentity } = activity;
  const ranMs = Date.now() - Number(lastStartedTime?.seconds ?? 0) * 1000;
  const retryAtOnce = ranMs >= SUSPICIOUS_MS || Number(attempt) <= ATTEMPTS_WITHOUT_SUSPICION;
  const failure = ApplicationFailure.create({
    type: 'WORKER_DIED',
    message: `the worker process that ran this activity has ended [worker=${lastWorkerIdentity}]`,
    ...(retryAtOnce ? { nextRetryDelay: '10ms' } : {}),
  });
  try {
    await client.activity.fail({ ...run, activityId: activityId ?? '' }, failure);
    return true;
  } catch (error) {
    if (error instanceof ActivityNotFoundError) return false;
    throw error;
  }
}
