import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';

/** A run of a workflow; without a run id, the latest one. */
export interface RunId {
  readonly workflowId: string;
  readonly runId?: string;
}

/** The history of a run as text, with decoded payloads; undefined when Temporal does not have it. */
export async function readHistory(
  { workflow }: Client,
  { workflowId, runId }: RunId,
): Promise<string | undefined> {
  try {
    const history = await workflow.getHandle(workflowId, runId).fetchHistory();
    // Payloads are base64 in JSON.
    return historyToJSON(history).replaceAll(/"data":\s*"([^"]+)"/g, (_all, data: string) =>
      Buffer.from(data, 'base64').toString(),
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
