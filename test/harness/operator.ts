import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { workflowIdOf } from '../../src/contract/names';
import { eventually } from './eventually';
import type { Step } from './heldSteps';

/** `PendingActivityState` of Temporal's API. */
const PENDING_ACTIVITY_STATE_PAUSED = 4;

/** The buttons of the Web UI for one activity of a run. */
export class Operator {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** From now on it is to stand still: who works at it hears so with its next heartbeat, and until then it does not time out. */
  async pause(jobId: string, step: Step): Promise<void> {
    const reason = 'by the test';
    const request = { ...this.#request(jobId, step), reason, requestId: randomUUID() };
    await this.#client.workflowService.pauseActivity(request);
  }

  /** Resolves when an activity that was paused stands still; rejects when its last try timed out instead of stopping. */
  async paused(jobId: string, step: Step): Promise<void> {
    await eventually(`${step} of ${jobId} stands still`, async () => {
      const { raw } = await this.#client.workflow.getHandle(workflowIdOf(jobId)).describe();
      const pending = raw.pendingActivities?.find(({ activityType }) => activityType?.name === step);
      if (!pending || Number(pending.state) !== PENDING_ACTIVITY_STATE_PAUSED) return false;
      if (pending.lastFailure?.timeoutFailureInfo) throw new Error(`${step} of ${jobId} timed out`);
      return true;
    });
  }

  async unpause(jobId: string, step: Step): Promise<void> {
    await this.#client.workflowService.unpauseActivity(this.#request(jobId, step));
  }

  /** The activity starts over, and its tries are counted anew. */
  async reset(jobId: string, step: Step): Promise<void> {
    await this.#client.workflowService.resetActivity(this.#request(jobId, step));
  }

  #request(jobId: string, type: Step) {
    const { namespace } = this.#client.options;
    return { namespace, execution: { workflowId: workflowIdOf(jobId) }, type };
  }
}
