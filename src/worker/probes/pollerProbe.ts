import type { Client } from '@temporalio/client';
import type { pollersGauge } from '../../monitoring/metrics';
import { countPollers } from '../../temporal/taskQueuePollers';
import type { Probe } from './probe';

/** How many workers poll the task queue, of this supervisor and of all others. */
export function pollerProbe(
  client: Client,
  taskQueue: string,
  gauge: ReturnType<typeof pollersGauge>,
): Probe {
  return {
    name: 'pollers',
    measure: async () => gauge.set({ queue: taskQueue }, await countPollers(client, taskQueue, Date.now())),
  };
}
