import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import { workflowIdOf } from '../../src/contract/names';
import type { AuditSnapshotInput } from '../../src/contract/snapshot';
import { jobModel } from '../../src/models/job.model';
import type { ChaosRun } from './chaosRun';

const POLL_MS = 150;
const MAX_STARTS = 8;

/** How a job ended for good. */
export interface JobEnd {
  readonly jobId: string;
  readonly status: string;
  readonly code?: string | undefined;
  /** How often somebody had to start it again. */
  readonly starts: number;
}

/** What the wait for a job's end goes by; the deadline is set once everything is healed. */
export interface Patience {
  deadlineMs: number;
}

/**
 * Waits until a job has ended and its workflow is closed; one that ended otherwise than it was meant to is started again,
 * as whoever wants its snapshot does. Servers may be away meanwhile. Rejects when it has not come to rest in time.
 */
export async function awaitRest(
  run: ChaosRun,
  input: AuditSnapshotInput,
  patience: Patience,
): Promise<JobEnd> {
  const { jobId } = input;
  let starts = 0;
  let closedAtMs: number | undefined;
  let seen = 'nothing';
  while (Date.now() < patience.deadlineMs && starts <= MAX_STARTS) {
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
        if (Date.now() - closedAtMs >= noticeMs(run)) {
          starts++;
          await run.snapshots.start(input);
        }
      }
    } catch (error) {
      seen = String(error);
    }
    await pause(POLL_MS);
  }
  throw new Error(`job ${jobId} does not come to rest: ${seen}, started again ${starts} times`);
}

/** Before somebody notices that a run is closed. Where others want the same window, they get to it first. */
function noticeMs({ plan }: ChaosRun): number {
  return plan.scenario === 'overlapping' ? 7_000 : 500;
}

async function stateOf({ options }: ChaosRun, jobId: string): Promise<string> {
  try {
    const { status } = await options.client.workflow.getHandle(workflowIdOf(jobId)).describe();
    return status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'NOT_FOUND';
    throw error;
  }
}
