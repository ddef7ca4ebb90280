import os from 'node:os';
import mongoose, { type Connection } from 'mongoose';
import { assetModel } from '../models/asset.model';
import { auditLogModel } from '../models/auditLog.model';
import { idempotencyKeyModel } from '../models/idempotencyKey.model';
import { jobModel } from '../models/job.model';
import { ledgerHeadModel, ledgerLeafModel } from '../models/ledger.model';
import { chunkModel, snapshotModel } from '../models/snapshot.model';
import { windowLeaseModel } from '../models/windowLease.model';
import { toConnectError } from './connectError';
import { onDatabase } from './errors';

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

const MODELS = [
  auditLogModel,
  snapshotModel,
  chunkModel,
  windowLeaseModel,
  assetModel,
  jobModel,
  idempotencyKeyModel,
  ledgerHeadModel,
  ledgerLeafModel,
];

/** Creates the indexes that are missing; repeating it changes nothing. DATABASE_*. */
export async function ensureIndexes(connection: Connection): Promise<void> {
  for (const model of MODELS) {
    await onDatabase(`indexes of ${model(connection).collection.name}`, () =>
      model(connection).createIndexes(),
    );
  }
}

/** Indexes that the models declare and the database lacks, as `collection: key`. DATABASE_*. */
export async function missingIndexes(connection: Connection): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const model of MODELS) {
    const { collection, schema } = model(connection);
    const found = await onDatabase(`indexes of ${collection.name}`, () =>
      // A collection that does not exist yet has none.
      collection.indexes().catch(() => []),
    );
    const keys = new Set(found.map(({ key }) => JSON.stringify(key)));
    for (const [key] of schema.indexes())
      if (!keys.has(JSON.stringify(key))) missing.push(`${collection.name}: ${JSON.stringify(key)}`);
  }
  return missing;
}
