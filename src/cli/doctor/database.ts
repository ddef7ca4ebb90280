import type { Connection } from 'mongoose';
import { ensureIndexes, missingIndexes } from '../../mongo/connection';
import { openDatabase } from '../connections/database';
import type { Check } from './check';
import { judgeClock } from './clock';

interface DatabaseFacts {
  readonly name: string;
  readonly clockOffsetMs: number | undefined;
  /** Before the repair, as `collection: key`. */
  readonly missingIndexes: readonly string[];
  readonly repaired: boolean;
}

/** Reaches the database, writes to it and compares its indexes; `fix` creates the missing ones. DATABASE_*. */
export async function measureDatabase(fix: boolean): Promise<DatabaseFacts> {
  await using database = await openDatabase();
  const { connection } = database;
  const clockOffsetMs = await measureClock(connection);
  // A document in a separate collection, written with the usual write concern and deleted again.
  const probes = connection.collection('doctor');
  const { insertedId } = await probes.insertOne({ at: new Date() });
  await probes.deleteOne({ _id: insertedId });
  const missing = await missingIndexes(connection);
  if (fix && missing.length > 0) await ensureIndexes(connection);
  return { name: connection.name, clockOffsetMs, missingIndexes: missing, repaired: fix };
}

async function measureClock(connection: Connection): Promise<number | undefined> {
  const before = Date.now();
  const hello = await connection.db?.admin().command({ hello: 1 });
  const middle = (before + Date.now()) / 2;
  const localTime: unknown = hello?.['localTime'];
  return localTime instanceof Date ? localTime.getTime() - middle : undefined;
}

export function judgeDatabase({
  name,
  clockOffsetMs,
  missingIndexes: missing,
  repaired,
}: DatabaseFacts): readonly Check[] {
  return [
    { check: 'database', state: 'ok', found: `reached and writable, database ${name}` },
    judgeClock('clock of the database', clockOffsetMs),
    judgeIndexes(missing, repaired),
  ];
}

function judgeIndexes(missing: readonly string[], repaired: boolean): Check {
  const check = 'indexes';
  if (missing.length === 0) return { check, state: 'ok', found: 'all present' };
  if (repaired) return { check, state: 'ok', found: `created: ${missing.join(', ')}` };
  const advice = 'a worker creates them when it starts; or: audit-snapshot doctor --fix';
  return { check, state: 'warn', found: `missing: ${missing.join(', ')}`, advice };
}
