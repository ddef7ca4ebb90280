import type { Connection } from 'mongoose';
import { readLogConfig } from '../../config';
import { createIndexes, describeIndex, readIndexes } from '../../mongo/indexes';
import { openDatabase } from '../connections/database';
import { WriteCheckService } from '../../services/writeCheck.service';
import type { Check } from './check';
import { judgeClock } from './clock';

interface DatabaseFacts {
  readonly name: string;
  readonly clockOffsetMs: number | undefined;
  /** Missing or with other options, before the repair, as `collection: key`. */
  readonly missingIndexes: readonly string[];
  readonly repaired: boolean;
}

/** What finishing a snapshot writes, in small; it is tried and leaves nothing. */
const TRIAL = {
  snapshotId: 'snap-doctor',
  recordIds: [],
  asset: { snapshotId: 'snap-doctor', objects: [], signedHash: '', retainUntil: new Date(0).toISOString() },
};

/** Reaches the database, tries the writes of a worker and compares its indexes; `fix` creates the missing ones. DATABASE_*. */
export async function measureDatabase(fix: boolean): Promise<DatabaseFacts> {
  await using database = await openDatabase();
  const { connection } = database;
  const source = readLogConfig();
  const clockOffsetMs = await measureClock(connection);
  await new WriteCheckService(connection, source).tryWrites(TRIAL);
  const wrong = (await readIndexes(connection, source)).filter(({ state }) => state !== 'present');
  if (fix) await createIndexes(connection, source);
  return { name: connection.name, clockOffsetMs, missingIndexes: wrong.map(describeIndex), repaired: fix };
}

async function measureClock(connection: Connection): Promise<number | undefined> {
  const before = Date.now();
  const hello = await connection.db?.admin().command({ hello: 1 });
  const middle = (before + Date.now()) / 2;
  const localTime: unknown = hello?.['localTime'];
  return localTime instanceof Date ? localTime.getTime() - middle : undefined;
}

/** The checks of the doctor about the database: reachable, clock, indexes. */
export function judgeDatabase({
  name,
  clockOffsetMs,
  missingIndexes: missing,
  repaired,
}: DatabaseFacts): readonly Check[] {
  return [
    { check: 'database', state: 'ok', found: `reached, and a worker may write, database ${name}` },
    judgeClock('clock of the database', clockOffsetMs),
    judgeIndexes(missing, repaired),
  ];
}

function judgeIndexes(missing: readonly string[], repaired: boolean): Check {
  const check = 'indexes';
  if (missing.length === 0) return { check, state: 'ok', found: 'all present' };
  if (repaired) return { check, state: 'ok', found: `created: ${missing.join(', ')}` };
  const advice = 'audit-snapshot indexes create; workers and the job service do not start without them';
  return { check, state: 'fail', found: `missing, or with other options: ${missing.join(', ')}`, advice };
}
