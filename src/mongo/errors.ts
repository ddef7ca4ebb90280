import { mongo } from 'mongoose';
import { SnapshotError, messageOf } from '../errors';
import { saysOutOfSpace } from '../net/outOfSpace';
import { ATLAS_ERROR, meaningOf, TRANSIENT_LABELS } from './serverCodes';

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

/**
 * Maps a driver error to DATABASE_UNREACHABLE, DATABASE_UNAUTHORIZED or DATABASE_FAILED; returns any other error unchanged.
 * Whether a retry may help is decided by the driver's labels first, then by the server's code. The cause is dropped: server
 * errors quote documents and commands.
 */
export function toDatabaseError(what: string, error: unknown): unknown {
  if (!(error instanceof mongo.MongoError)) return error;
  const text = textOf(error);
  if (isUnauthorized(error))
    return new SnapshotError('DATABASE_UNAUTHORIZED', `${what}: the database denies access: ${text}`);
  if (isOffline(error)) {
    const message = `${what}: the database cannot be reached: ${text}`;
    return new SnapshotError('DATABASE_UNREACHABLE', message, { retryable: true });
  }
  return new SnapshotError('DATABASE_FAILED', `${what}: ${text}`, { retryable: isTransient(error) });
}

/** The server's code of a failed call: of the first write that failed, when there were several; NaN without one. */
export function serverCodeOf(error: unknown): number {
  if (!(error instanceof mongo.MongoServerError)) return Number.NaN;
  return Number(error.code ?? writeConcernCode(error));
}

function writeConcernCode(error: mongo.MongoServerError): unknown {
  const { writeConcernError } = (error.errorResponse ?? {}) as {
    readonly writeConcernError?: { readonly code?: unknown };
  };
  return writeConcernError?.code;
}

/** Some servers quote the command that they deny, with the documents in it: `… to execute command { insert: "logs", … }`. */
const QUOTED_COMMAND = / to execute command \{\s*"?(\w+)"?:\s*"?([^",}\s]*)"?.*$/s;
const MAX_TEXT = 500;

/** The driver's text with code and name of the server. It names hosts and collections; documents and URIs are removed. */
function textOf(error: mongo.MongoError): string {
  const text = messageOf(error)
    .replaceAll(/mongodb(\+srv)?:\/\/\S+/g, 'mongodb://…')
    .replace(QUOTED_COMMAND, ' to execute $1 on $2')
    .replace(/ dup key: .*$/s, '')
    .slice(0, MAX_TEXT);
  const code = serverCodeOf(error);
  if (Number.isNaN(code)) return text;
  const { codeName } = error as mongo.MongoServerError;
  return `${text} (${[codeName, code].filter((part) => part !== undefined).join(' ')})`;
}

function isUnauthorized(error: mongo.MongoError): boolean {
  if (error instanceof mongo.MongoMissingCredentialsError) return true;
  const code = serverCodeOf(error);
  if (code === ATLAS_ERROR) return /auth/i.test(error.message);
  return meaningOf(code) === 'unauthorized';
}

function isOffline(error: mongo.MongoError): boolean {
  return (
    error instanceof mongo.MongoNetworkError ||
    error instanceof mongo.MongoServerSelectionError ||
    error instanceof mongo.MongoTopologyClosedError ||
    error instanceof mongo.MongoServerClosedError ||
    error instanceof mongo.MongoClientClosedError ||
    error instanceof mongo.MongoNotConnectedError
  );
}

/** The wait for a free connection, and the time limit of an operation; the driver exports no class for all of them. */
const TIMED_OUT: ReadonlySet<string> = new Set([
  'MongoWaitQueueTimeoutError',
  'MongoPoolClosedError',
  'MongoOperationTimeoutError',
]);

function isTransient(error: mongo.MongoError): boolean {
  return (
    TRANSIENT_LABELS.some((label) => error.hasErrorLabel(label)) ||
    meaningOf(serverCodeOf(error)) === 'transient' ||
    saysOutOfSpace(error.message) ||
    // Applied on the primary, and not yet acknowledged by a majority: repeating the write changes nothing.
    error instanceof mongo.MongoWriteConcernError ||
    error instanceof mongo.MongoExpiredSessionError ||
    TIMED_OUT.has(error.name)
  );
}
