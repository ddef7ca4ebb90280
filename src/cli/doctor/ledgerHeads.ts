import { readSealingConfig } from '../../config';
import { MongoLedgerSequencer } from '../../mongo/ledgerSequencer';
import { compareHeads } from '../../sealing/compareHeads';
import { openDatabase } from '../connections/database';
import { openObjectStore } from '../connections/objectStore';
import type { Check } from './check';

/** What differs between the ledger heads of bucket and database; undefined when nothing does. STORAGE_*, DATABASE_*. */
export async function measureLedgerHeads(): Promise<string | undefined> {
  const { origin } = readSealingConfig();
  await using database = await openDatabase();
  const sequencer = new MongoLedgerSequencer(database.connection, origin);
  return compareHeads({ store: openObjectStore(), sequencer, origin });
}

export function judgeLedgerHeads(difference: string | undefined): readonly Check[] {
  const check = 'ledger heads';
  if (difference === undefined) return [{ check, state: 'ok', found: 'bucket and database agree' }];
  const advice = 'seal nothing until it is explained; docs/operations.md';
  return [{ check, state: 'fail', found: difference, advice }];
}
