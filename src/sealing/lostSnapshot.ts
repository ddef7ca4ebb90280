import { SnapshotError } from '../errors';
import { MAX_MANIFEST_BYTES } from '../evidence/limits';
import { manifestKey } from '../evidence/objectKeys';
import type { SnapshotRow } from '../ports/snapshotRepository';
import type { SealingDeps } from './deps';
import { readBucketLedger } from './publishedLedger';

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
  if (row === undefined && (await deps.store.get(manifestKey(snapshotId), MAX_MANIFEST_BYTES)))
    throw lost(snapshotId, 'the bucket has its manifest');
}

function lost(snapshotId: string, found: string): SnapshotError {
  const message = `the database lost snapshot ${snapshotId}: ${found}, but the database does not know it. Nothing was signed or marked; run audit-snapshot restore --from-evidence --key trust.json`;
  return new SnapshotError('SNAPSHOT_LOST', message);
}
