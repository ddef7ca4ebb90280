import { readLogConfig } from '../../src/config';
import { connectDatabase } from '../../src/mongo/connection';
import { createIndexes } from '../../src/mongo/indexes';
import type { Environment } from './serverName';

/** Creates the indexes in the database of `MONGODB_URI`, as `audit-snapshot indexes create` does. DATABASE_*, INDEX_CONFLICT. */
export async function createDatabaseIndexes(env: Environment): Promise<void> {
  await using database = await connectDatabase(env['MONGODB_URI'] ?? '');
  await createIndexes(database, readLogConfig(env));
}
