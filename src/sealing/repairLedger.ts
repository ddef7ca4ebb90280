import { parseEntry } from '../evidence/ledgerEntry';
import { isSnapshotError } from '../errors';
import type { LedgerRow, LedgerSequencer } from '../ports/ledgerSequencer';
import type { Signer } from '../ports/signer';
import { checkEntries } from './checkEntries';
import { readBucketLedger, readStoredEntries, type LedgerReading } from './publishedLedger';

export interface RepairDeps extends LedgerReading {
  readonly signer: Signer;
  readonly ledger: LedgerSequencer;
}

/** What a repair changed; all zero for rows that were right. */
export interface RepairedLedger {
  readonly size: number;
  readonly restored: number;
  readonly removed: number;
  /** Why the first removed row that is not in the bucket was not kept; null when there was none. */
  readonly reason: string | null;
}

/**
 * Makes the rows of the ledger equal to the bucket: every entry that the bucket has, then those further rows that a signed
 * manifest proves, up to the first that has none. Nothing may append meanwhile. LEDGER_*, STORAGE_*, DATABASE_*.
 */
export async function repairLedger(deps: RepairDeps): Promise<RepairedLedger> {
  const keys = await deps.signer.listKeys();
  const { published, bundledSize } = await readBucketLedger(deps, keys);
  const base = published?.head.size ?? 0;
  const stored = bundledSize === 0 ? [] : await readStoredEntries(deps.store, bundledSize);
  await checkEntries(deps, keys, base, stored.slice(base));

  const entries = [...stored];
  let reason: string | null = null;
  for (const row of await deps.ledger.listRows(bundledSize)) {
    try {
      await checkEntries(deps, keys, base, [...entries.slice(base), row]);
      entries.push(row);
    } catch (error) {
      if (!isSnapshotError(error, 'LEDGER_ENTRY_INVALID')) throw error;
      reason = error.message;
      break;
    }
  }
  const changed = await deps.ledger.replaceAll(entries.map(rowOf));
  return { size: entries.length, ...changed, reason };
}

function rowOf(entry: Buffer): LedgerRow {
  return { snapshotId: parseEntry(entry).snapshotId, entry };
}
