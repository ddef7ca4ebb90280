import type { Connection } from 'mongoose';
import { onDatabase } from './errors';

/** Resolves when the database answers. DATABASE_*. */
export async function pingDatabase(database: Connection): Promise<void> {
  await onDatabase('ping', async () => void (await database.db?.command({ ping: 1 })));
}
