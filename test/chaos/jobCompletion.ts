import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import { workflowIdOf } from '../../src/contract/names';
import type { AuditSnapshotInput } from '../../src/contract/snapshot';
import { jobModel } from '../../src/models/job.model';
import type { ChaosRun } from './chaosRun';

const POLL_MS = 150;
const MAX_STARTS = 8;

/** How a job ended for good. */
export interface CompletedJob {
  readonly jobId: string;
  readonly status: string;
  readonly code?: string | undefined;
  /** How often it had to be started again. */
  readonly starts: number;
}

/** When the wait for a job ends; set once everything is healed. */
export interface Deadline {
  atMs: number;
}

/**
 * Waits until a job has ended and its workflow is closed. One that ended otherwise than it must is started again, as an
 * operator does who needs its snapshot. Servers may be down meanwhile. Rejects when the deadline passes.
 */
export async function awaitCompletion(
  run: ChaosRun,
  input: AuditSnapshotInput,
  deadline: Deadline,
): Promise<CompletedJob> {
  const { jobId } = input;
  let starts = 0;
  let closedAtMs: number | undefined;
  let seen = 'nothing';
  while (Date.now() < deadline.atMs && starts <= MAX_STARTS) {
    try {
      const state = await stateOf(run, jobId);
      const row = await jobModel(run.connection).findById(jobId).lean();
      const { status = 'missing', error } = row ?? {};
      seen = `row ${status} ${error?.code ?? ''}, workflow ${state}`;
      if (state === 'RUNNING') closedAtMs = undefined;
      else {
        const code = error?.code;
        if (status === 'succeeded' || (status === 'failed' && code === 'SNAPSHOT_SUPERSEDED'))
          return { jobId, status, code, starts };
        closedAtMs ??= Date.now();
        if (Date.now() - closedAtMs >= restartDelayMs(run)) {
          starts++;
          await run.snapshots.start(input);
        }
      }
    } catch (error) {
      seen = String(error);
    }
    await pause(POLL_MS);
  }
  throw new Error(`job ${jobId} does not complete: ${seen}, started again ${starts} times`);
}

/** Between the close of a run and its restart. Where other jobs want the same window, they get it first. */
function restartDelayMs({ plan }: ChaosRun): number {
  return plan.scenario === 'overlapping' ? 7_000 : 500;
}

async function stateOf({ environment }: ChaosRun, jobId: string): Promise<string> {
  try {
    const { status } = await environment.client.workflow.getHandle(workflowIdOf(jobId)).describe();
    return status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'NOT_FOUND';
    throw error;
  }
}
