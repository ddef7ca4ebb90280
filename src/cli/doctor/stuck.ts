import { readSealingConfig } from '../../config';
import { parseEntry } from '../../evidence/ledgerEntry';
import type { StuckState } from '../../jobs/stuckStates';
import { MongoLedgerSequencer } from '../../mongo/ledgerSequencer';
import { openDatabase } from '../connections/database';
import { compareWithTemporal } from '../stuckComparison';
import type { Check } from './check';

/** Compares jobs, windows and snapshots of the database with Temporal and the ledger. DATABASE_*, TEMPORAL_*. */
export async function measureStuck(): Promise<readonly StuckState[]> {
  const { origin } = readSealingConfig();
  await using database = await openDatabase();
  const ledger = new MongoLedgerSequencer(database.connection, origin);
  const entries = await ledger.list(0, (await ledger.head()).size);
  const sealed = entries.map((entry) => parseEntry(entry).snapshotId);
  return await compareWithTemporal(database.connection, origin, sealed, Date.now());
}

/** The check of the doctor about jobs and snapshots that are stuck, each with the command that continues it. */
export function judgeStuck(stuck: readonly StuckState[]): readonly Check[] {
  const check = 'jobs';
  if (stuck.length === 0)
    return [{ check, state: 'ok', found: 'each has a run or has ended; nothing is stuck' }];
  return stuck.map(({ found, command }) => ({ check, state: 'fail', found, advice: command }));
}
