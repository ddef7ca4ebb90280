import { WorkflowIdReusePolicy } from '@temporalio/client';
import { PROGRESS_QUERY, SNAPSHOT_WORKFLOW, snapshotIdOf, workflowIdOf } from '../../src/contract/names';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { bucketReader } from '../../src/verify/evidenceReaders';
import { readSealingConfig, readStorageConfig } from '../../src/config';
import type { AuditSnapshotInput, Progress } from '../../src/contract/snapshot';
import { MAX_MANIFEST_BYTES } from '../../src/evidence/limits';
import { parseManifest } from '../../src/evidence/manifest';
import { manifestKey } from '../../src/evidence/objectKeys';
import type { TrustFile } from '../../src/evidence/trustFile';
import type { EvidenceReader } from '../../src/verify/evidenceReader';
import { SOFTWARE } from '../../src/version';
import { auditLogModel } from '../../src/models/auditLog.model';
import {
  findViolations,
  comparableManifest,
  examineEvidence,
  type Examined,
  type QuiescentState,
} from '../harness/invariants';
import { readQuiescentState } from '../harness/quiescentState';
import { awaitCompletion, type CompletedJob } from './jobCompletion';
import { isPassing } from './plan';
import type { ChaosRun } from './chaosRun';
import { faultFreeManifest } from '../harness/faultFreeManifest';
import { WHOLE } from './scenario';
import { findSecretLeaks } from './secretLeaks';

const SWEEP_MS = 60_000;
/** A worker opens so many at once. */
const MAX_CONNECTIONS = 16;

/** Checks everything that must hold when the jobs of a run are complete; returns the violations, in words. */
export async function checkInvariants(run: ChaosRun, completed: readonly CompletedJob[]): Promise<string[]> {
  const { monitor } = run;
  await checkAttempts(run, completed);
  const jobs = [...run.jobs.map(({ jobId }) => jobId), ...(await sweep(run))];
  const failedJobs = new Set(
    completed.filter(({ status }) => status !== 'succeeded').map(({ jobId }) => jobId),
  );
  const state = await readQuiescentState({ env: run.env, window: WHOLE, jobs, failedJobs });
  const examined = await examineEvidence(state.reader, state.trust, state.ledger);
  const examine = () => Promise.resolve(examined);
  for (const what of await findViolations({ ...state, examine })) monitor.report(what);
  compareMarks(run, examined);
  await compareManifest(run, state);
  await repeatJobs(run, failedJobs);
  compareConnections(run);
  for (const what of await findSecretLeaks(run, jobs)) monitor.report(what);
  return monitor.violations;
}

/** A fault that passes costs no attempt of a job: the activity is repeated. Jobs over one window may wait for each other. */
async function checkAttempts(run: ChaosRun, completed: readonly CompletedJob[]): Promise<void> {
  const passing = run.fired.every(({ kind }) => isPassing(kind));
  const [job] = completed;
  if (!passing || completed.length !== 1 || job?.status !== 'succeeded') return;
  const handle = run.environment.client.workflow.getHandle(workflowIdOf(job.jobId));
  const { attempt } = await handle.query<Progress>(PROGRESS_QUERY);
  if (attempt > 1 || job.starts > 0)
    run.monitor.report(`job ${job.jobId} needed ${attempt} attempts and ${job.starts + 1} runs`);
}

/** A later job over everything: it seals the records that came late, and nothing else. */
async function sweep(run: ChaosRun): Promise<readonly string[]> {
  const timestamp = { $gte: new Date(WHOLE.from), $lte: new Date(WHOLE.to) };
  const left = await auditLogModel(run.connection).collection.countDocuments({ immutable: false, timestamp });
  if (left === 0) return [];
  const input = { jobId: `${run.name}-sweep`, ...WHOLE };
  await run.snapshots.start(input);
  await awaitCompletion(run, input, { atMs: Date.now() + SWEEP_MS });
  return [input.jobId];
}

/** Without faults, connections to storage are used again: a response that is not read to its end occupies one. */
function compareConnections({ plan, workers, network, monitor }: ChaosRun): void {
  const atMost = MAX_CONNECTIONS * workers.length;
  if (plan.faults.length === 0 && network.storageConnections > atMost)
    monitor.report(`${network.storageConnections} connections to storage, and at most ${atMost} are needed`);
}

/** Every record that was to be marked at any time is included in the snapshot it was to be marked for. */
function compareMarks({ monitor }: ChaosRun, { owners }: Examined): void {
  for (const [snapshotId, ids] of monitor.marked)
    for (const id of ids)
      if (!(owners.get(id) ?? []).includes(snapshotId))
        monitor.report(`record ${id} was to be marked for ${snapshotId}, which does not include it`);
}

async function compareManifest(run: ChaosRun, { trust }: QuiescentState): Promise<void> {
  const { plan, monitor } = run;
  const [input] = run.jobs;
  const late = plan.scenario === 'late' || plan.faults.some(({ kind }) => kind === 'run.lateRecords');
  if (!input || late || plan.scenario === 'overlapping') return;
  const reader = bucketReader(connectObjectStore(readStorageConfig(run.env)));
  const actual = await comparableManifest(reader, snapshotIdOf(input.jobId));
  const expected = await expectedManifest(run, input, reader, trust);
  if (actual !== expected) monitor.report('the manifest differs from that of a run without faults');
}

/** Over the records as they were logged, under the key version that the stored manifest names. */
async function expectedManifest(
  run: ChaosRun,
  input: AuditSnapshotInput,
  reader: EvidenceReader,
  { keys }: TrustFile,
): Promise<string | undefined> {
  const stored = await reader.read(manifestKey(snapshotIdOf(input.jobId)), undefined, MAX_MANIFEST_BYTES);
  const { version } = parseManifest(stored!).key;
  const pinned = keys.find((key) => key.version === version)!;
  const publicKey = Buffer.from(pinned.publicKey, 'base64');
  const key = { version, publicKey, createdAt: new Date(pinned.from) };
  const signer = {
    listKeys: () => Promise.resolve([key]),
    sign: () => Promise.reject(new Error('nothing is signed')),
  };
  const { origin, source, hashScheme, chunkLimits, retentionMs, holdMs, lateAllowanceMs } = readSealingConfig(
    run.env,
  );
  const limits = { retentionMs, holdMs, lateAllowanceMs, chunkLimits };
  const settings = { origin, source, hashScheme, ...limits, software: SOFTWARE };
  return faultFreeManifest(input, run.logged, { signer, settings });
}

/** Runs the jobs that succeeded again: that must change nothing, on any server. */
async function repeatJobs(run: ChaosRun, failedJobs: ReadonlySet<string>): Promise<void> {
  const { network, monitor, name } = run;
  network.resetChanges();
  for (const input of run.jobs.filter(({ jobId }) => !failedJobs.has(jobId))) {
    const handle = await run.environment.client.workflow.start(SNAPSHOT_WORKFLOW, {
      workflowId: workflowIdOf(input.jobId),
      taskQueue: name,
      args: [input],
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    });
    await handle.result();
  }
  const { changed } = network;
  if (changed.length > 0) monitor.report(`a second run changes something: ${changed.slice(0, 5).join(', ')}`);
}
