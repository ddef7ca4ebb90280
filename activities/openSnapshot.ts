import { activityInfo } from '@temporalio/activity';
import type { OpenedSnapshot, OpenSnapshotInput } from '../src/contract/activities';
import { workflowIdOf } from '../src/contract/names';
import type { AuditSnapshotResult } from '../src/contract/snapshot';
import { SnapshotError } from '../src/errors';
import type { SnapshotRow } from '../src/ports/snapshotRepository';
import type { Lease } from '../src/ports/windowLeaseStore';
import type { SealingDeps } from '../src/sealing/deps';
import { readResumePoint } from '../src/sealing/resumePoint';
import { seedOf } from '../src/sealing/snapshotSeed';
import { acquireWindow, admitSnapshot, windowBusy } from '../src/sealing/windowAdmission';
import { withHeartbeat } from '../src/temporal/heartbeat';

const COUNT_MS = 5_000;

/** More than leases of one origin change while one activity checks its snapshot. */
const MAX_CHECKS = 50;

/**
 * Opens the snapshot of a job, or resumes it: acquires the window and returns where sealing resumes, or the result of a
 * snapshot that is closed already. WINDOW_BUSY (retryable) while another snapshot holds an overlapping window;
 * SNAPSHOT_SUPERSEDED when another one has sealed this window after this job released it; LEASE_LOST when the workflow of
 * the job has ended.
 */
export function openSnapshot(deps: SealingDeps, input: OpenSnapshotInput): Promise<OpenedSnapshot> {
  return withHeartbeat(() => open(deps, input));
}

async function open(deps: SealingDeps, input: OpenSnapshotInput): Promise<OpenedSnapshot> {
  const { jobId, window } = input;
  const { scheduledTimestampMs, currentAttemptScheduledTimestampMs } = activityInfo();
  await deps.jobs.ensure({ jobId, ...window }, scheduledTimestampMs);
  const seed = await seedOf(deps, input, currentAttemptScheduledTimestampMs);
  for (let check = 0; check < MAX_CHECKS; check++) {
    // Read in this order, so that a delayed call acquires no window for a snapshot or a workflow that has ended meanwhile.
    const asOf = await deps.leases.sequence();
    const row = await deps.snapshots.open(seed);
    if (row.result !== null) return returnClosed(deps, row.snapshotId, row.result);
    await requireOpenWorkflow(deps, input);
    const lease = await acquireWindow(deps, row, asOf);
    if (lease) {
      await admitSnapshot(deps, row, lease);
      return returnOpened(deps, row, lease);
    }
  }
  throw windowBusy(seed, `is not free: leases changed ${MAX_CHECKS} times while it was requested`);
}

/** LEASE_LOST for a delayed call whose workflow has ended: nothing would ever release the lease that it requests. */
async function requireOpenWorkflow(deps: SealingDeps, { jobId }: OpenSnapshotInput): Promise<void> {
  const workflowId = workflowIdOf(jobId);
  if (await deps.workflowStatus.isOpen(workflowId)) return;
  const message = `workflow ${workflowId} has ended, so this delayed attempt does not reserve its window; submit the job again`;
  throw new SnapshotError('LEASE_LOST', message);
}

async function returnOpened(deps: SealingDeps, row: SnapshotRow, lease: Lease): Promise<OpenedSnapshot> {
  const marks = await deps.snapshots.listMarks(row.snapshotId);
  const unbroken = marks.filter((mark, index) => mark.index === index);
  return {
    state: 'open',
    snapshotId: row.snapshotId,
    expected: await countUnsealed(deps, row),
    checkpoint: await readResumePoint(deps, row),
    signing: lease.signing,
    marks: {
      chunks: unbroken.length,
      records: unbroken.reduce((sum, { count }) => sum + count, 0),
    },
  };
}

/** A crash between closing and ending the lease leaves the lease of a finished snapshot, so it is ended here again. */
async function returnClosed(
  deps: SealingDeps,
  snapshotId: string,
  result: AuditSnapshotResult,
): Promise<OpenedSnapshot> {
  await deps.leases.finish(snapshotId);
  return { state: 'closed', result };
}

/** Used for progress only, so sealing does not wait for a slow count: null then. */
async function countUnsealed({ records }: SealingDeps, { window }: SnapshotRow): Promise<number | null> {
  const signal = AbortSignal.timeout(COUNT_MS);
  try {
    return await records.countUnsealed(window, signal);
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}
