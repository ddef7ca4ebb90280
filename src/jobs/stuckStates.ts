import { jobIdOf, snapshotIdOf, workflowIdOf } from '../contract/names';
import type { Job, JobCursor, JobStore } from '../ports/jobStore';
import type { SnapshotRepository } from '../ports/snapshotRepository';
import type { WindowLeaseStore } from '../ports/windowLeaseStore';
import type { WorkflowStateReader } from '../ports/workflowStatusReader';

const PAGE = 100;
/** A submission creates the row of a job before it starts the run. */
const STARTING_MS = 60_000;

/** States that nothing ends by itself. docs/operations.md has a runbook for each. */
type StuckKind = 'run-lost' | 'window-reserved' | 'snapshot-lost';

/** One thing that is stuck, and the command that ends this state. */
export interface StuckState {
  readonly kind: StuckKind;
  readonly jobId: string;
  /** What database, bucket and Temporal say, as a sentence without a full stop. */
  readonly found: string;
  readonly command: string;
}

export interface StuckDeps {
  readonly jobs: Pick<JobStore, 'list' | 'find'>;
  readonly leases: Pick<WindowLeaseStore, 'list'>;
  readonly snapshots: Pick<SnapshotRepository, 'find' | 'listClosed'>;
  readonly workflowStatus: WorkflowStateReader;
  readonly origin: string;
  readonly nowMs: number;
}

const RESTORE_COMMAND = 'audit-snapshot restore --from-evidence --key trust.json';

/**
 * Compares database, ledger and Temporal: jobs that are not ended and have no run, windows that a run reserved before it
 * stopped, and snapshots of the ledger that the database does not have. `sealed` are the snapshot ids of the ledger.
 * DATABASE_*, TEMPORAL_*.
 */
export async function findStuckStates(
  deps: StuckDeps,
  sealed: readonly string[],
): Promise<readonly StuckState[]> {
  const lost = await findLostSnapshots(deps, sealed);
  const known = new Set(lost.map(({ jobId }) => jobId));
  const runs = (await findLostRuns(deps)).filter(({ jobId }) => !known.has(jobId));
  for (const { jobId } of runs) known.add(jobId);
  const windows = (await findReservedWindows(deps)).filter(({ jobId }) => !known.has(jobId));
  return [...lost, ...runs, ...windows];
}

type LostRunDeps = Pick<StuckDeps, 'jobs' | 'workflowStatus' | 'nowMs'>;

/** Every job that its row calls queued or running although no run of it is open. */
export async function* lostJobs(deps: LostRunDeps): AsyncGenerator<Job> {
  for (const status of ['queued', 'running'] as const) {
    let after: JobCursor | undefined;
    do {
      const query = { status, limit: PAGE, nowMs: deps.nowMs, ...(after ? { after } : {}) };
      const { jobs, next } = await deps.jobs.list(query);
      for (const job of jobs) if (await isLost(deps, job)) yield job;
      after = next;
    } while (after);
  }
}

async function isLost({ jobs, workflowStatus, nowMs }: LostRunDeps, job: Job): Promise<boolean> {
  if (job.status === 'queued' && nowMs - job.updatedAt.getTime() < STARTING_MS) return false;
  if ((await workflowStatus.stateOf(workflowIdOf(job._id))) === 'open') return false;
  // The run may have reported and closed since the list was read.
  return (await jobs.find(job._id))?.status === job.status;
}

async function findLostRuns(deps: StuckDeps): Promise<StuckState[]> {
  const found: StuckState[] = [];
  for await (const { _id: jobId, status } of lostJobs(deps))
    found.push({
      kind: 'run-lost',
      jobId,
      found: `job ${jobId} is ${status} in the database, but no run of it is open in Temporal`,
      command: 'audit-snapshot retry --lost',
    });
  return found;
}

/** A lease in signing ends only with its snapshot, so without a run it reserves its window for ever. */
async function findReservedWindows(deps: StuckDeps): Promise<StuckState[]> {
  const found: StuckState[] = [];
  for (const { signing, workflowId, window } of await deps.leases.list()) {
    if (!signing || (await deps.workflowStatus.stateOf(workflowId)) === 'open') continue;
    const jobId = jobIdOf(workflowId);
    found.push({
      kind: 'window-reserved',
      jobId,
      found: `job ${jobId} began to sign ${window.from} → ${window.to} and stopped, so no other job can seal this window`,
      command: `audit-snapshot retry ${jobId}`,
    });
  }
  return found;
}

/** A run closes its snapshot after the ledger has it; until then its row is signed, or its run is open. */
async function findLostSnapshots(deps: StuckDeps, sealed: readonly string[]): Promise<StuckState[]> {
  const closed = new Set(await deps.snapshots.listClosed(deps.origin));
  const found: StuckState[] = [];
  for (const snapshotId of sealed) {
    if (closed.has(snapshotId)) continue;
    const jobId = snapshotId.slice(snapshotIdOf('').length);
    const row = await deps.snapshots.find(snapshotId);
    if (row?.signature != null) continue;
    if ((await deps.workflowStatus.stateOf(workflowIdOf(jobId))) === 'open') continue;
    found.push({
      kind: 'snapshot-lost',
      jobId,
      found: `the ledger has ${snapshotId}, but the database ${row ? 'has an older state of it' : 'has lost it'}`,
      command: RESTORE_COMMAND,
    });
  }
  return found;
}
