import { readSealingConfig } from '../../config';
import { parseEntry } from '../../evidence/ledgerEntry';
import type { LeftOutCounts } from '../../evidence/leftOut';
import type { RecordSourceNames } from '../../evidence/recordMembers';
import { MongoLedgerSequencer } from '../../mongo/ledgerSequencer';
import { AuditService } from '../../services/audit.service';
import { uncoveredBy } from '../../verify/uncovered';
import { openDatabase } from '../connections/database';
import { leftOutReasons } from '../leftOutReasons';
import type { Check } from './check';

interface LeftOutFacts {
  readonly leftOut: LeftOutCounts;
  readonly source: RecordSourceNames;
}

/** Counts the records of the log that sealing leaves out. DATABASE_*. */
export async function measureLeftOut(): Promise<LeftOutFacts> {
  await using database = await openDatabase();
  const { origin, source } = readSealingConfig();
  const ledger = new MongoLedgerSequencer(database.connection, origin);
  const entries = (await ledger.list(0, (await ledger.head()).size)).map(parseEntry);
  const uncovered = uncoveredBy(entries.map(({ window }) => window));
  const leftOut = await new AuditService(database.connection, source).countLeftOut({ uncovered });
  return { leftOut, source };
}

/** One check for each kind of record that is left out, with what to do. */
export function judgeLeftOut({ leftOut, source }: LeftOutFacts): readonly Check[] {
  const check = 'records that sealing leaves out';
  const [first, ...others] = leftOutReasons(leftOut, source);
  if (first === undefined) return [{ check, state: 'ok', found: 'none' }];
  return [first, ...others].map((found) => ({ check, state: 'warn', found }));
}
