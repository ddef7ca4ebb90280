import { readSealingConfig } from '../../config';
import type { LedgerComparison } from '../../sealing/compareLedger';
import { openDatabase } from '../connections/database';
import { compareWithBucket } from '../ledgerComparison';
import type { Check } from './check';

/** Compares the ledger of the bucket, in all versions, with that of the database. LEDGER_*, ORIGIN_MISMATCH, STORAGE_*. */
export async function measureLedger(): Promise<LedgerComparison> {
  await using database = await openDatabase();
  return await compareWithBucket(database.connection, readSealingConfig().origin);
}

/** The check of the doctor about the ledger, with the entries that only the database has. */
export function judgeLedger({ origin, size, waiting }: LedgerComparison): readonly Check[] {
  const check = 'ledger';
  const found =
    size === 0
      ? `none yet; the first snapshot starts that of ${origin}`
      : `${size} snapshots of ${origin}, in bucket and database`;
  if (waiting === 0) return [{ check, state: 'ok', found }];
  const advice = 'the next job publishes them; if no job runs, run the failed ones again';
  return [{ check, state: 'warn', found: `${found}; ${waiting} more are not published yet`, advice }];
}
