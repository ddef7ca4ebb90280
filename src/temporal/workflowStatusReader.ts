import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { WorkflowStatusReader } from '../ports/workflowStatusReader';
import { toTemporalError } from './errors';

/** Reads whether a workflow is open from Temporal itself; one that Temporal does not know is not open. TEMPORAL_*. */
export function temporalWorkflowStatus(client: Client): WorkflowStatusReader {
  return {
    async isOpen(workflowId) {
      try {
        const { status } = await client.workflow.getHandle(workflowId).describe();
        // The latest run answers, so CONTINUED_AS_NEW is seen only between two runs of one execution.
        return status.name === 'RUNNING' || status.name === 'CONTINUED_AS_NEW' || status.name === 'PAUSED';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw toTemporalError(`workflow ${workflowId}`, error);
      }
    },
  };
}
