import os from 'node:os';
import mongoose, { type Connection } from 'mongoose';
import { toConnectError } from './connectError';

// This room is MongoDB: the connection, error translation, one repository a port, and the queries of the audit log. Every
// write is conditional, so that a repeated call changes nothing (docs/design.md has the table).

const SELECTION_MS = 5_000;
/** A response that takes longer counts as lost; Temporal retries the activity. */
const SOCKET_MS = 120_000;

/** An open connection, to be closed by `await using` or by `close()`. */
export type DatabaseConnection = Connection & AsyncDisposable;

/** Connects and pings the server. DATABASE_HOST_UNKNOWN and DATABASE_UNREACHABLE within seconds, DATABASE_UNAUTHORIZED, CONFIG_INVALID. */
export async function connectDatabase(uri: string): Promise<DatabaseConnection> {
  const connection = mongoose.createConnection();
  try {
    await connection.openUri(uri, {
      serverSelectionTimeoutMS: SELECTION_MS,
      connectTimeoutMS: SELECTION_MS,
      socketTimeoutMS: SOCKET_MS,
      maxPoolSize: 20,
      // Majority and journaled: an acknowledged write survives the loss of any one machine.
      writeConcern: { w: 'majority', journal: true },
      readConcern: { level: 'majority' },
      readPreference: 'primary',
      autoIndex: false,
      autoCreate: false,
      appName: 'audit-snapshot',
      // The driver would load it by a dynamic import(), which a test runner's sandbox does not support.
      runtimeAdapters: { os },
    });
    await connection.db?.command({ ping: 1 });
  } catch (error) {
    await connection.destroy();
    throw toConnectError(uri, error);
  }
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() });
}
