import { activityInfo } from '@temporalio/activity';
import type { OpenedSnapshot, OpenSnapshotInput } from '../src/contract/activities';
import { snapshotIdOf, workflowIdOf } from '../src/contract/names';
import type { AuditSnapshotResult } from '../src/contract/snapshot';
import { SnapshotError } from '../src/errors';
import type { Lease } from '../src/ports/windowLeaseStore';
import type { SnapshotRow, SnapshotSeed } from '../src/ports/snapshotRepository';
import { readResumePoint } from '../src/sealing/resumePoint';
import type { SealingDeps } from '../src/sealing/deps';
import { withHeartbeat } from '../src/temporal/heartbeat';
import { supersededBy } from '../src/sealing/supersession';

const COUNT_MS = 5_000;

/** More than windows of one origin change hands while one activity looks at its snapshot. */
const MAX_LOOKS = 50;

/**
 * Opens the snapshot of a job, or finds where it stands: takes the window, and gives the checkpoint to go on from.
 * WINDOW_BUSY (retryable) while another snapshot holds an overlapping window; SNAPSHOT_SUPERSEDED when another one
 * sealed this window after this job had given it up.
 */
export function openSnapshot(deps: SealingDeps, input: OpenSnapshotInput): Promise<OpenedSnapshot> {
  return withHeartbeat(() => open(deps, input));
}

async function open(deps: SealingDeps, input: OpenSnapshotInput): Promise<OpenedSnapshot> {
  const { jobId, window } = input;
  await deps.jobs.ensure({ jobId, ...window }, activityInfo().scheduledTimestampMs);
  const seed = await seedOf(deps, input);
  for (let look = 0; look < MAX_LOOKS; look++) {
    // Asked in this order, so that a call that was held up takes no window for a snapshot that has ended meanwhile.
    const asOf = await deps.leases.sequence();
    const row = await deps.snapshots.open(seed);
    if (row.result !== null) return closed(deps, row.snapshotId, row.result);
    const lease = await takeWindow(deps, row, asOf);
    if (lease) {
      await admit(deps, row, lease);
      return opened(deps, row, lease);
    }
  }
  throw busy(seed, `is not free: others changed hands ${MAX_LOOKS} times while it was asked for`);
}

async function opened(deps: SealingDeps, row: SnapshotRow, lease: Lease): Promise<OpenedSnapshot> {
  const marks = await deps.snapshots.listMarks(row.snapshotId);
  const unbroken = marks.filter((mark, place) => mark.index === place);
  return {
    state: 'open',
    snapshotId: row.snapshotId,
    expected: await countAtOnce(deps, row),
    checkpoint: await readResumePoint(deps, row),
    signing: lease.signing,
    marks: {
      chunks: unbroken.length,
      records: unbroken.reduce((sum, mark) => sum + mark.count, 0),
    },
  };
}

/** A crash between closing and releasing would leave the lease of a finished snapshot behind. */
async function closed(
  deps: SealingDeps,
  snapshotId: string,
  result: AuditSnapshotResult,
): Promise<OpenedSnapshot> {
  await deps.leases.finish(snapshotId);
  return { state: 'closed', result };
}

/** For the progress only, so sealing does not wait for a count that takes long. */
async function countAtOnce({ records }: SealingDeps, { window }: SnapshotRow): Promise<number | null> {
  const signal = AbortSignal.timeout(COUNT_MS);
  try {
    return await records.countUnsealed(window, signal);
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

/** All that a later attempt could decide differently (time, key version, limits) is decided here, once. */
async function seedOf(
  deps: SealingDeps,
  { jobId, window, onTamper }: OpenSnapshotInput,
): Promise<SnapshotSeed> {
  const { settings, clock } = deps;
  const snapshotId = snapshotIdOf(jobId);
  const known = await deps.snapshots.find(snapshotId);
  if (known) return { ...known, window, onTamper };
  const key = (await deps.signer.listKeys()).at(-1);
  if (!key)
    throw new SnapshotError(
      'KEY_MISSING',
      'the signing key has no version; create it, then run the job again',
    );
  const openedAtMs = clock.nowMs();
  return {
    snapshotId,
    jobId,
    origin: settings.origin,
    window,
    onTamper,
    openedAt: new Date(openedAtMs).toISOString(),
    retainUntil: new Date(openedAtMs + settings.retentionMs).toISOString(),
    hashScheme: settings.hashScheme,
    keyVersion: key.version,
    publicKey: key.publicKey.toString('base64'),
    software: settings.software,
    chunkLimits: settings.chunkLimits,
  };
}

/**
 * Takes the lease; leases of workflows that are closed and did not sign are given up for them. Undefined when windows
 * changed hands since `asOf`, be it by that: the snapshot is to be looked at again.
 */
async function takeWindow(deps: SealingDeps, row: SnapshotRow, asOf: number): Promise<Lease | undefined> {
  const { snapshotId, window, jobId } = row;
  const outcome = await deps.leases.acquire({ snapshotId, window, workflowId: workflowIdOf(jobId), asOf });
  if (outcome.granted) return outcome.lease;
  for (const blocker of outcome.blockers) {
    const holder = `is held by ${blocker.snapshotId} (workflow ${blocker.workflowId})`;
    if (await deps.workflowStatus.isOpen(blocker.workflowId))
      throw busy(row, `${holder}, which is still open`);
    const released = await deps.leases.release(blocker.snapshotId, blocker.sequence);
    if (!released)
      throw busy(row, `${holder}, which began signing and then stopped: run its job again to finish it`);
  }
  return undefined;
}

function busy({ snapshotId, window }: SnapshotSeed, why: string): SnapshotError {
  const message = `window ${window.from} → ${window.to} of ${snapshotId} ${why}`;
  return new SnapshotError('WINDOW_BUSY', message, { retryable: true });
}

/**
 * Notes the first lease. A snapshot that lost its lease in between may go on with its stored chunks only if nobody
 * sealed records of its window meanwhile: those chunks would seal the same records a second time.
 */
async function admit(deps: SealingDeps, row: SnapshotRow, lease: Lease): Promise<void> {
  const { snapshotId, origin, window, leaseSequence } = row;
  if (leaseSequence === lease.sequence) return;
  if (leaseSequence === null) {
    const overlaps = await deps.snapshots.listSignedOverlaps(origin, window, snapshotId);
    const known = overlaps.map((other) => ({ snapshotId: other.snapshotId, ...other.window }));
    await deps.snapshots.grant(snapshotId, lease.sequence, known);
    return;
  }
  const superseded = await supersededBy(deps, row);
  if (superseded) {
    await deps.leases.release(snapshotId, lease.sequence);
    throw superseded;
  }
  await deps.snapshots.grant(snapshotId, lease.sequence, row.overlaps);
}
