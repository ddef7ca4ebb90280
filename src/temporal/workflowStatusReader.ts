import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { WorkflowState, WorkflowStateReader, WorkflowStatusReader } from '../ports/workflowStatusReader';
import { GRPC_STATUS, grpcStatusOf, toTemporalError } from './errors';

/** The latest run answers, so CONTINUED_AS_NEW is seen only between two runs of one execution. */
const OPEN: ReadonlySet<string> = new Set(['RUNNING', 'CONTINUED_AS_NEW', 'PAUSED']);

/** `WorkflowExecutionStatus` of Temporal's API; every other one is of a run that has ended without a result. */
const STATUS_NAMES: Readonly<Record<number, string>> = {
  1: 'RUNNING',
  2: 'COMPLETED',
  6: 'CONTINUED_AS_NEW',
  8: 'PAUSED',
};

interface RunStatus {
  readonly name: string;
  readonly runId: string;
}

/** The id of the open run of a workflow; undefined when none is open. TEMPORAL_*. */
export async function openRunId(client: Client, workflowId: string): Promise<string | undefined> {
  const run = await readStatus(client, workflowId);
  return run?.name === 'RUNNING' || run?.name === 'PAUSED' ? run.runId : undefined;
}

/** Reads the state of workflows from Temporal itself; one that Temporal does not know is not open. TEMPORAL_*. */
export function temporalWorkflowStatus(client: Client): WorkflowStatusReader & WorkflowStateReader {
  const stateOf = async (workflowId: string): Promise<WorkflowState> => {
    const run = await readStatus(client, workflowId);
    if (!run) return 'unknown';
    if (OPEN.has(run.name)) return 'open';
    return run.name === 'COMPLETED' ? 'completed' : 'ended';
  };
  return { stateOf, isOpen: async (workflowId) => (await stateOf(workflowId)) === 'open' };
}

/** The latest run of a workflow; undefined when Temporal has none. */
async function readStatus(client: Client, workflowId: string): Promise<RunStatus | undefined> {
  try {
    const { status, runId } = await client.workflow.getHandle(workflowId).describe();
    return { name: status.name, runId };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    if (grpcStatusOf(error) !== undefined) throw toTemporalError(`workflow ${workflowId}`, error);
    return readBareStatus(client, workflowId);
  }
}

/** Without the memo, which may be encrypted with a key that is lost: then the run can be terminated and started again. */
async function readBareStatus(client: Client, workflowId: string): Promise<RunStatus | undefined> {
  const { namespace } = client.options;
  try {
    const described = await client.workflowService.describeWorkflowExecution({
      namespace,
      execution: { workflowId },
    });
    const { status, execution } = described.workflowExecutionInfo ?? {};
    return { name: STATUS_NAMES[Number(status)] ?? 'ENDED', runId: execution?.runId ?? '' };
  } catch (error) {
    if (grpcStatusOf(error) === GRPC_STATUS.NOT_FOUND) return undefined;
    throw toTemporalError(`workflow ${workflowId}`, error);
  }
}
