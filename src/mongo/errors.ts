import { mongo } from 'mongoose';
import { SnapshotError, messageOf } from '../errors';

/** Server codes of transient failures: elections, shutdowns, write conflicts, time limits. */
const TRANSIENT_CODES: ReadonlySet<number> = new Set([
  6, 7, 50, 89, 91, 112, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436,
]);
const UNAUTHORIZED_CODES: ReadonlySet<number> = new Set([13, 18, 8000]);
const DUPLICATE_KEY = 11000;

/** True when a write hit a unique index: another write has already created the document. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY;
}

/** Runs a database call and translates the driver's errors: DATABASE_*. `what` names the object in the message. */
export async function onDatabase<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toDatabaseError(what, error);
  }
}

/** Maps a driver error to DATABASE_UNREACHABLE, DATABASE_UNAUTHORIZED or DATABASE_FAILED; returns any other error unchanged. */
export function toDatabaseError(what: string, error: unknown): unknown {
  if (!(error instanceof mongo.MongoError)) return error;
  // The driver's messages name hosts and namespaces, not credentials; a connection string is removed anyway.
  const text = messageOf(error).replaceAll(/mongodb(\+srv)?:\/\/\S+/g, 'mongodb://…');
  const code = error instanceof mongo.MongoServerError ? Number(error.code) : Number.NaN;
  if (UNAUTHORIZED_CODES.has(code) || error instanceof mongo.MongoMissingCredentialsError) {
    return new SnapshotError(
      'DATABASE_UNAUTHORIZED',
      `${what}: the database rejects the credentials: ${text}`,
      { cause: error },
    );
  }
  const offline =
    error instanceof mongo.MongoNetworkError ||
    error instanceof mongo.MongoServerSelectionError ||
    error instanceof mongo.MongoTopologyClosedError ||
    error instanceof mongo.MongoNotConnectedError;
  if (offline) {
    const message = `${what}: the database cannot be reached: ${text}`;
    return new SnapshotError('DATABASE_UNREACHABLE', message, { retryable: true, cause: error });
  }
  const retryable =
    TRANSIENT_CODES.has(code) ||
    error.hasErrorLabel('TransientTransactionError') ||
    error.hasErrorLabel('RetryableWriteError') ||
    error instanceof mongo.MongoWriteConcernError;
  return new SnapshotError('DATABASE_FAILED', `${what}: ${text}`, { retryable, cause: error });
}
