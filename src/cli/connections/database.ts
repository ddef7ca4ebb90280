import type { Connection } from 'mongoose';
import { readDatabaseConfig } from '../../config';
import { connectDatabase } from '../../mongo/connection';

/** The configured database; `await using` closes it. DATABASE_*, CONFIG_INVALID. */
export async function openDatabase(): Promise<AsyncDisposable & { readonly connection: Connection }> {
  const connection = await connectDatabase(readDatabaseConfig().uri);
  return { connection, [Symbol.asyncDispose]: () => connection.close() };
}
