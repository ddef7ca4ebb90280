import { WorkflowIdReusePolicy } from '@temporalio/client';
import { SNAPSHOT_WORKFLOW, snapshotIdOf, workflowIdOf } from '../../src/contract/names';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { bucketReader } from '../../src/verify/evidenceReaders';
import { readStorageConfig } from '../../src/config';
import { auditLogModel } from '../../src/models/auditLog.model';
import {
  brokenAtRest,
  comparableManifest,
  examineEvidence,
  type Examined,
  type RestingState,
} from '../simulation/invariants';
import { readRestingState } from '../harness/restingState';
import { awaitRest, type JobEnd } from './awaitRest';
import type { ChaosRun } from './chaosRun';
import { undisturbedManifest } from './reference';
import { WHOLE } from './scenario';
import { findSecrets } from './secrets';

const SWEEP_MS = 60_000;

/** Everything that must hold when a run has come to rest; what does not, in words. */
export async function checkInvariants(run: ChaosRun, ends: readonly JobEnd[]): Promise<string[]> {
  const { observations } = run;
  const jobs = [...run.jobs.map(({ jobId }) => jobId), ...(await sweep(run))];
  const given = new Set(ends.filter(({ status }) => status !== 'succeeded').map(({ jobId }) => jobId));
  const state = await readRestingState({ env: run.env, window: WHOLE, jobs, given });
  const examined = await examineEvidence(state.reader, state.trust, state.ledger);
  const examine = () => Promise.resolve(examined);
  for (const what of await brokenAtRest({ ...state, examine })) observations.break(what);
  compareMarks(run, examined);
  await compareManifest(run, state);
  await repeat(run, given);
  for (const what of await findSecrets(run, jobs)) observations.break(what);
  return observations.broken;
}

/** A later job over everything: it seals what came late, and nothing else. */
async function sweep(run: ChaosRun): Promise<readonly string[]> {
  const timestamp = { $gte: new Date(WHOLE.from), $lte: new Date(WHOLE.to) };
  const left = await auditLogModel(run.connection).collection.countDocuments({ immutable: false, timestamp });
  if (left === 0) return [];
  const input = { jobId: `${run.name}-sweep`, ...WHOLE };
  await run.snapshots.start(input);
  await awaitRest(run, input, { deadlineMs: Date.now() + SWEEP_MS });
  return [input.jobId];
}

/** Whatever a marking named at any time is included in the snapshot that it was marked for. */
function compareMarks({ observations }: ChaosRun, { owners }: Examined): void {
  for (const [snapshotId, ids] of observations.marked)
    for (const id of ids)
      if (!(owners.get(id) ?? []).includes(snapshotId))
        observations.break(`record ${id} was to be marked for ${snapshotId}, which does not include it`);
}

async function compareManifest(run: ChaosRun, { trust }: RestingState): Promise<void> {
  const { plan, observations } = run;
  const [input] = run.jobs;
  const late = plan.scenario === 'late' || plan.faults.some(({ kind }) => kind === 'run.lateRecords');
  if (!input || late || plan.scenario === 'overlapping') return;
  const reader = bucketReader(connectObjectStore(readStorageConfig(run.env)));
  const own = await comparableManifest(reader, snapshotIdOf(input.jobId));
  if (own !== (await undisturbedManifest(run, input, reader, trust)))
    observations.break('the manifest is not the one of an undisturbed run');
}

/** Jobs that have succeeded run again: nothing at all may be changed, on any server. */
async function repeat(run: ChaosRun, given: ReadonlySet<string>): Promise<void> {
  const { network, observations, name } = run;
  network.resetChanges();
  for (const input of run.jobs.filter(({ jobId }) => !given.has(jobId))) {
    const handle = await run.options.client.workflow.start(SNAPSHOT_WORKFLOW, {
      workflowId: workflowIdOf(input.jobId),
      taskQueue: name,
      args: [input],
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    });
    await handle.result();
  }
  const { changed } = network;
  if (changed.length > 0)
    observations.break(`a second run changes something: ${changed.slice(0, 5).join(', ')}`);
}
