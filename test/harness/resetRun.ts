import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { isGrpcServiceError } from '@temporalio/client';

/** `Status` of gRPC. */
const GRPC_INVALID_ARGUMENT: number = 3;
/** `EventType` of Temporal's API. */
const EVENT_TYPE_WORKFLOW_TASK_COMPLETED = 7;

/** Ids of every event of a run so far, and of those that completed a workflow task, to which an operator resets. */
export async function readEvents(handle: WorkflowHandle): Promise<{ all: number[]; boundaries: number[] }> {
  const { events } = await handle.fetchHistory();
  const ids = (events ?? []).map(({ eventId, eventType }) => ({
    id: Number(eventId),
    type: Number(eventType),
  }));
  return {
    all: ids.map(({ id }) => id),
    boundaries: ids.filter(({ type }) => type === EVENT_TYPE_WORKFLOW_TASK_COMPLETED).map(({ id }) => id),
  };
}

/** Resets a run, by default the latest one, to an event; undefined when the server refuses that event as a reset point. */
export async function resetRun(
  client: Client,
  execution: { readonly workflowId: string; readonly runId?: string },
  eventId: number,
): Promise<WorkflowHandle | undefined> {
  try {
    const response = await client.workflowService.resetWorkflowExecution({
      namespace: client.options.namespace,
      workflowExecution: execution,
      reason: 'by the test',
      workflowTaskFinishEventId: eventId as never,
      requestId: randomUUID(),
    });
    return client.workflow.getHandle(execution.workflowId, response.runId);
  } catch (error) {
    if (isGrpcServiceError(error) && (error.code as number) === GRPC_INVALID_ARGUMENT) return undefined;
    throw error;
  }
}
