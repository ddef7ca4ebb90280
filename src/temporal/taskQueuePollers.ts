import type { Client } from '@temporalio/client';
import { toTemporalError } from './errors';

type Request = Parameters<Client['workflowService']['describeTaskQueue']>[0];
type TaskQueueType = NonNullable<Request['taskQueueType']>;

/** Of Temporal's API: workflow tasks and activity tasks. */
const TYPES = [1, 2] as unknown as readonly TaskQueueType[];

/**
 * Temporal lists a poller for five minutes after its last poll. A poll lasts a minute at most, so a worker that polls was
 * seen within this time.
 */
const RECENT_MS = 90_000;

/** How many workers poll a task queue, for the kind of task that the fewest poll for. TEMPORAL_*. */
export async function countPollers(client: Client, taskQueue: string, nowMs: number): Promise<number> {
  const { namespace } = client.options;
  const counts = TYPES.map(async (taskQueueType) => {
    const { pollers } = await client.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: taskQueue },
      taskQueueType,
    });
    const recent = (pollers ?? []).filter(
      ({ lastAccessTime }) => nowMs - Number(lastAccessTime?.seconds ?? 0) * 1000 <= RECENT_MS,
    );
    return new Set(recent.map(({ identity }) => identity)).size;
  });
  try {
    return Math.min(...(await Promise.all(counts)));
  } catch (error) {
    throw toTemporalError(`task queue ${taskQueue}`, error);
  }
}
