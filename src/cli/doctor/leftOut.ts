import { readSealingConfig } from '../../config';
import { totalLeftOut } from '../../evidence/leftOut';
import type { RecordSourceNames } from '../../evidence/recordMembers';
import { openLeftOut, type LeftOutStates } from '../../verify/leftOutStates';
import { openDatabase } from '../connections/database';
import { leftOutOf, readEntries } from '../findings';
import { leftOutReasons } from '../leftOutReasons';
import type { Check } from './check';

interface LeftOutFacts {
  readonly leftOut: Pick<LeftOutStates, 'counts' | 'acknowledged'>;
  readonly source: RecordSourceNames;
}

/** Counts the records of the log that sealing leaves out. DATABASE_*, STORAGE_*. */
export async function measureLeftOut(): Promise<LeftOutFacts> {
  await using database = await openDatabase();
  const { origin, source } = readSealingConfig();
  const entries = await readEntries(database.connection, origin);
  return { leftOut: await leftOutOf(database.connection, source, entries), source };
}

/** One check for each kind of record that is left out and not acknowledged, with what to do. */
export function judgeLeftOut({ leftOut, source }: LeftOutFacts): readonly Check[] {
  const check = 'records that sealing leaves out';
  const [first, ...others] = leftOutReasons(openLeftOut(leftOut), source);
  if (first !== undefined) return [first, ...others].map((found) => ({ check, state: 'warn', found }));
  const acknowledged = totalLeftOut(leftOut.acknowledged);
  return [{ check, state: 'ok', found: acknowledged === 0 ? 'none' : `${acknowledged}, all acknowledged` }];
}
