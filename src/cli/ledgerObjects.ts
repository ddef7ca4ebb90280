import { SnapshotError } from '../errors';
import { MAX_CHECKPOINT_BYTES } from '../evidence/limits';
import { LEDGER_CHECKPOINT_KEY } from '../evidence/objectKeys';
import type { ObjectStore } from '../ports/objectStore';
import { listLedgerVersions } from '../sealing/ledgerLocks';
import { parseCheckpoint, parseNote } from '../tlog/note';
import { listSnapshotObjects, type ObjectVersion } from './snapshotObjects';

/** What `retention` and `hold` take instead of a snapshot id for the ledger alone. */
export const LEDGER = 'ledger';

/** The versions that the ledger in the bucket consists of; none before the first snapshot. EVIDENCE_MALFORMED, STORAGE_*. */
async function listLedgerObjects(store: ObjectStore): Promise<readonly ObjectVersion[]> {
  const stored = await store.get(LEDGER_CHECKPOINT_KEY, MAX_CHECKPOINT_BYTES);
  if (!stored) return [];
  const { size } = parseCheckpoint(parseNote(stored.body).text);
  const versions: ObjectVersion[] = [];
  for await (const version of listLedgerVersions(store, size)) versions.push(version);
  return versions;
}

/** Objects whose locks are changed, those of a snapshot and those of the ledger apart. */
export interface LockedObjects {
  readonly snapshot: readonly ObjectVersion[];
  readonly ledger: readonly ObjectVersion[];
}

/**
 * The objects of a snapshot and of the ledger, without which the snapshot cannot be verified; for the target `ledger` those
 * of the ledger alone. SNAPSHOT_NOT_FOUND.
 */
export async function listLockedObjects(store: ObjectStore, target: string): Promise<LockedObjects> {
  const snapshot = target === LEDGER ? [] : await listSnapshotObjects(store, target);
  const ledger = await listLedgerObjects(store);
  if (target !== LEDGER || ledger.length > 0) return { snapshot, ledger };
  throw new SnapshotError('SNAPSHOT_NOT_FOUND', 'the bucket has no ledger yet; seal a window first');
}
