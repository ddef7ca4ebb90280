import os from 'node:os';
import mongoose, { type Connection } from 'mongoose';
import { SnapshotError } from '../errors';
import { assetModel } from '../models/asset.model';
import { auditLogModel } from '../models/auditLog.model';
import { idempotencyKeyModel } from '../models/idempotencyKey.model';
import { jobModel } from '../models/job.model';
import { ledgerHeadModel, ledgerLeafModel } from '../models/ledger.model';
import { chunkModel, snapshotModel } from '../models/snapshot.model';
import { windowLeaseModel } from '../models/windowLease.model';
import { onDatabase, toDatabaseError } from './errors';

const SELECTION_MS = 5_000;
/** An answer that takes longer is taken for lost; activities are retried. */
const SOCKET_MS = 120_000;

/** Connects and asks for an answer. DATABASE_UNREACHABLE within seconds, DATABASE_UNAUTHORIZED, CONFIG_INVALID. */
export async function connectDatabase(uri: string): Promise<Connection> {
  const connection = mongoose.createConnection();
  try {
    await connection.openUri(uri, {
      serverSelectionTimeoutMS: SELECTION_MS,
      connectTimeoutMS: SELECTION_MS,
      socketTimeoutMS: SOCKET_MS,
      maxPoolSize: 20,
      // Majority and journaled: what is acknowledged survives the loss of any one machine.
      writeConcern: { w: 'majority', journal: true },
      readConcern: { level: 'majority' },
      readPreference: 'primary',
      autoIndex: false,
      autoCreate: false,
      appName: 'audit-snapshot',
      // The driver would load it by a dynamic import(), which a test runner's sandbox refuses.
      runtimeAdapters: { os },
    });
    await connection.db?.command({ ping: 1 });
  } catch (error) {
    await connection.destroy();
    // Mongoose reports an unreachable server by a class of its own that wraps no driver error.
    if (error instanceof mongoose.Error.MongooseServerSelectionError) {
      const message = 'the database cannot be reached; check MONGODB_URI and that the server runs';
      throw new SnapshotError('DATABASE_UNREACHABLE', message, { retryable: true });
    }
    throw toDatabaseError('connecting', error);
  }
  return connection;
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

/** Creates the indexes that are missing; repeating it changes nothing. */
export async function ensureIndexes(connection: Connection): Promise<void> {
  for (const model of MODELS) {
    await onDatabase(`indexes of ${model(connection).collection.name}`, () =>
      model(connection).createIndexes(),
    );
  }
}

/** Indexes that the models ask for and the database does not have, as `collection: key`. */
export async function missingIndexes(connection: Connection): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const model of MODELS) {
    const { collection, schema } = model(connection);
    const found = await onDatabase(`indexes of ${collection.name}`, () =>
      // A collection that is not there yet has none.
      collection.indexes().catch(() => []),
    );
    const keys = new Set(found.map(({ key }) => JSON.stringify(key)));
    for (const [key] of schema.indexes())
      if (!keys.has(JSON.stringify(key))) missing.push(`${collection.name}: ${JSON.stringify(key)}`);
  }
  return missing;
}
