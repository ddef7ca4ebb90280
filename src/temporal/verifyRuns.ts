import { WorkflowFailedError, type Client, type WorkflowExecutionInfo } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { AuditTally } from '../contract/drift';
import { VERIFY_WORKFLOW } from '../contract/names';
import { toTemporalError } from './errors';

/** How a verification ended: the evidence holds, the live log differs, or the evidence could not be verified. */
type VerifyResult = 'verified' | 'drift' | 'failed';

/** One run of the verify workflow that has ended. */
export interface VerifyRun {
  readonly runId: string;
  readonly result: VerifyResult;
  readonly endedAtMs: number;
  /** Drift by kind; undefined for a run that did not compare the whole log. */
  readonly counts: Readonly<Record<string, number>> | undefined;
}

/** More runs than this are never read, so the cost does not grow with the history. */
const MAX_READ = 30;

/** A run that an operator ended, or that continues as another one, says nothing about the evidence. */
const NO_RESULT: ReadonlySet<string> = new Set(['RUNNING', 'CANCELLED', 'TERMINATED', 'CONTINUED_AS_NEW']);

/** The latest ended runs of the verify workflow on a task queue, unordered. `known` are runs that were read before. TEMPORAL_*. */
export async function readVerifyRuns(
  client: Client,
  taskQueue: string,
  known: ReadonlyMap<string, VerifyRun>,
): Promise<readonly VerifyRun[]> {
  const query = `WorkflowType = '${VERIFY_WORKFLOW}' AND TaskQueue = '${taskQueue.replaceAll("'", "''")}'`;
  try {
    const infos: WorkflowExecutionInfo[] = [];
    for await (const info of client.workflow.list({ query, pageSize: MAX_READ })) {
      infos.push(info);
      if (infos.length === MAX_READ) break;
    }
    const ended = infos.filter(({ status }) => !NO_RESULT.has(status.name));
    return await Promise.all(ended.map(async (info) => known.get(info.runId) ?? readRun(client, info)));
  } catch (error) {
    throw toTemporalError('runs of the verify workflow', error);
  }
}

async function readRun(
  client: Client,
  { workflowId, runId, closeTime }: WorkflowExecutionInfo,
): Promise<VerifyRun> {
  const base = { runId, endedAtMs: closeTime?.getTime() ?? 0 };
  // Of this run alone: the default would follow to later runs of the same workflow id.
  const handle = client.workflow.getHandle(workflowId, runId, { followRuns: false });
  try {
    const { counts } = (await handle.result()) as AuditTally;
    const drifts = Object.values(counts).some((count) => count > 0);
    return { ...base, result: drifts ? 'drift' : 'verified', counts };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    if (!(cause instanceof ApplicationFailure) || cause.type !== 'DRIFT_FOUND')
      return { ...base, result: 'failed', counts: undefined };
    const [tally] = (cause.details ?? []) as readonly AuditTally[];
    return { ...base, result: 'drift', counts: tally?.counts };
  }
}
