import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { WorkflowState, WorkflowStateReader, WorkflowStatusReader } from '../ports/workflowStatusReader';
import { toTemporalError } from './errors';

/** The latest run answers, so CONTINUED_AS_NEW is seen only between two runs of one execution. */
const OPEN: ReadonlySet<string> = new Set(['RUNNING', 'CONTINUED_AS_NEW', 'PAUSED']);

/** The id of the open run of a workflow; undefined when none is open. TEMPORAL_*. */
export async function openRunId(client: Client, workflowId: string): Promise<string | undefined> {
  try {
    const { status, runId } = await client.workflow.getHandle(workflowId).describe();
    return status.name === 'RUNNING' || status.name === 'PAUSED' ? runId : undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw toTemporalError(`workflow ${workflowId}`, error);
  }
}

/** Reads the state of workflows from Temporal itself; one that Temporal does not know is not open. TEMPORAL_*. */
export function temporalWorkflowStatus(client: Client): WorkflowStatusReader & WorkflowStateReader {
  const stateOf = async (workflowId: string): Promise<WorkflowState> => {
    try {
      const { status } = await client.workflow.getHandle(workflowId).describe();
      if (OPEN.has(status.name)) return 'open';
      return status.name === 'COMPLETED' ? 'completed' : 'ended';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'unknown';
      throw toTemporalError(`workflow ${workflowId}`, error);
    }
  };
  return { stateOf, isOpen: async (workflowId) => (await stateOf(workflowId)) === 'open' };
}
