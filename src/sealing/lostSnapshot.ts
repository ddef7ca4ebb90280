import { snapshotIdOf } from '../contract/names';
import { SnapshotError } from '../errors';
import { MAX_MANIFEST_BYTES } from '../evidence/limits';
import { manifestKey } from '../evidence/objectKeys';
import type { SnapshotRow } from '../ports/snapshotRepository';
import type { SealingDeps } from './deps';
import { readBucketLedger } from './publishedLedger';
import { readSignedManifest } from './signedManifest';

/** Generations of a job that a plan skips at most; more were not left by jobs. */
const MAX_SKIPPED = 20;

/**
 * Refuses to open a snapshot again that the database has lost: its window would be decided anew, although evidence of it is
 * stored. `row` is what the database has. SNAPSHOT_LOST, LEDGER_*, STORAGE_*.
 */
export async function requireNotLost(
  deps: SealingDeps,
  snapshotId: string,
  row: SnapshotRow | undefined,
): Promise<void> {
  if (row?.signature != null) return;
  await readBucketLedger(deps, await deps.signer.listKeys());
  const isPublished = deps.ledgerIndex.indexOf(snapshotId) !== undefined;
  // A snapshot is signed before it is published: the row may have been read before.
  if (isPublished && (await deps.snapshots.find(snapshotId))?.signature == null)
    throw lost(snapshotId, 'the ledger in the bucket has it');
  if (row !== undefined || isPublished || !(await hasManifest(deps, snapshotId))) return;
  if (await isAbandoned(deps, snapshotId)) throw abandoned(snapshotId);
  throw lost(snapshotId, 'the bucket has its signed manifest');
}

/**
 * The job to plan for a window that has no snapshot in the database: `jobId`, or by `next` the one that takes its window
 * over, if the bucket has an unsigned manifest of it. The database lost its rows, so nothing can continue it. STORAGE_*,
 * SIGNER_*.
 */
export async function skipAbandoned(
  deps: SealingDeps,
  jobId: string,
  next: (jobId: string) => string,
): Promise<string> {
  let planned = jobId;
  for (let skipped = 0; skipped < MAX_SKIPPED; skipped++) {
    const snapshotId = snapshotIdOf(planned);
    if (!(await hasManifest(deps, snapshotId)) || !(await isAbandoned(deps, snapshotId))) break;
    planned = next(planned);
  }
  return planned;
}

async function hasManifest({ store }: SealingDeps, snapshotId: string): Promise<boolean> {
  return (await store.get(manifestKey(snapshotId), MAX_MANIFEST_BYTES)) !== undefined;
}

/** True for a stored manifest that is neither in the ledger nor signed. */
async function isAbandoned(deps: SealingDeps, snapshotId: string): Promise<boolean> {
  if (deps.ledgerIndex.indexOf(snapshotId) !== undefined) return false;
  return !(await readSignedManifest(deps, await deps.signer.listKeys(), snapshotId));
}

function lost(snapshotId: string, found: string): SnapshotError {
  const message = `the database lost snapshot ${snapshotId}: ${found}, but the database does not know it. Nothing was signed or marked; run audit-snapshot restore --from-evidence --key trust.json`;
  return new SnapshotError('SNAPSHOT_LOST', message);
}

function abandoned(snapshotId: string): SnapshotError {
  const message = `the database lost snapshot ${snapshotId} before it was signed: the bucket has its manifest without a signature. Nothing of it counts, and it cannot be continued; seal its window with a new job`;
  return new SnapshotError('SNAPSHOT_LOST', message);
}
