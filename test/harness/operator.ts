import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { workflowIdOf } from '../../src/contract/names';
import { eventually } from './eventually';
import type { ActivityName } from './sealingActivities';

/** `PendingActivityState` of Temporal's API. */
const PENDING_ACTIVITY_STATE_PAUSED = 4;

/** What the Web UI lets an operator do to one activity of a run. */
export class Operator {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** The attempt under way learns of it from its next heartbeat, and does not time out until then. */
  async pause(jobId: string, activity: ActivityName): Promise<void> {
    const reason = 'by the test';
    const request = { ...this.#request(jobId, activity), reason, requestId: randomUUID() };
    await this.#client.workflowService.pauseActivity(request);
  }

  /** Resolves when the attempt of a paused activity has stopped; rejects when it timed out instead. */
  async paused(jobId: string, activity: ActivityName): Promise<void> {
    await eventually(`the pause of ${activity} of ${jobId}`, async () => {
      const { raw } = await this.#client.workflow.getHandle(workflowIdOf(jobId)).describe();
      const pending = raw.pendingActivities?.find(({ activityType }) => activityType?.name === activity);
      if (!pending || Number(pending.state) !== PENDING_ACTIVITY_STATE_PAUSED) return false;
      if (pending.lastFailure?.timeoutFailureInfo) throw new Error(`${activity} of ${jobId} timed out`);
      return true;
    });
  }

  async unpause(jobId: string, activity: ActivityName): Promise<void> {
    await this.#client.workflowService.unpauseActivity(this.#request(jobId, activity));
  }

  /** The activity starts over, and its attempts are counted anew. */
  async reset(jobId: string, activity: ActivityName): Promise<void> {
    await this.#client.workflowService.resetActivity(this.#request(jobId, activity));
  }

  #request(jobId: string, type: ActivityName) {
    const { namespace } = this.#client.options;
    return { namespace, execution: { workflowId: workflowIdOf(jobId) }, type };
  }
}
