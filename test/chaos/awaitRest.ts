import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import { workflowIdOf } from '../../src/contract/names';
import type { AuditSnapshotInput } from '../../src/contract/snapshot';
import { jobModel } from '../../src/models/job.model';
import type { ChaosRun } from './chaosRun';

const POLL_MS = 150;
const MAX_STARTS = 12;

/** How a job ended for good. */
export interface JobEnd {
  readonly jobId: string;
  readonly status: string;
  readonly code?: string | undefined;
  /** How often somebody had to start it again. */
  readonly starts: number;
}

/**
 * Waits until a job has ended and its workflow is closed; one that ended otherwise than it was meant to is started again,
 * as whoever wants its snapshot does. Rejects when it has not come to rest by `deadlineMs`.
 */
export async function awaitRest(
  run: ChaosRun,
  input: AuditSnapshotInput,
  deadlineMs: number,
): Promise<JobEnd> {
  const { jobId } = input;
  let starts = 0;
  let seen = 'nothing';
  while (Date.now() < deadlineMs) {
    const state = await stateOf(run, jobId);
    const row = await jobModel(run.connection).findById(jobId).lean();
    const { status = 'missing', error } = row ?? {};
    seen = `row ${status} ${error?.code ?? ''}, workflow ${state}`;
    if (state !== 'RUNNING') {
      if (status === 'succeeded') return { jobId, status, starts };
      if (status === 'failed' && error?.code === 'SNAPSHOT_SUPERSEDED')
        return { jobId, status, code: error.code, starts };
      if (++starts > MAX_STARTS) break;
      await run.snapshots.start(input);
    }
    await pause(POLL_MS);
  }
  throw new Error(`job ${jobId} does not come to rest: ${seen}, started again ${starts} times`);
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
