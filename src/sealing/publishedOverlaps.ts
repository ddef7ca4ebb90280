import type { SnapshotRow } from '../ports/snapshotRepository';
import type { SealingDeps } from './deps';
import type { LedgerPlace } from './ledgerIndex';
import { readBucketLedger } from './publishedLedger';
import { SealedRecords } from './sealedRecords';

/**
 * The snapshots before this one in the published ledger whose windows overlap, in the order of the ledger. They decide
 * which records are late, and no row of the database can add or remove one.
 */
export async function listPublishedOverlaps(
  deps: SealingDeps,
  { snapshotId, window }: Pick<SnapshotRow, 'snapshotId' | 'window'>,
): Promise<readonly LedgerPlace[]> {
  await readBucketLedger(deps, await deps.signer.listKeys());
  return deps.ledgerIndex.overlapping(window, deps.ledgerIndex.indexOf(snapshotId));
}

/** Answers whether those snapshots contain a record; {@link SealedRecords}. */
export async function openSealedRecords(
  deps: SealingDeps,
  snapshot: Pick<SnapshotRow, 'snapshotId' | 'window'>,
): Promise<SealedRecords> {
  return new SealedRecords(deps.store, await listPublishedOverlaps(deps, snapshot));
}
