import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mongo } from 'mongoose';
import { isSnapshotError, type SnapshotError } from '../../../src/errors';
import { toDatabaseError } from '../../../src/mongo/errors';
import { meaningOf } from '../../../src/mongo/serverCodes';

function translated(error: unknown): SnapshotError {
  const result = toDatabaseError('object', error);
  if (!isSnapshotError(result)) throw new Error(`not translated: ${String(result)}`);
  return result;
}

const server = (code: number, message = 'refused', labels: readonly string[] = []) =>
  new mongo.MongoServerError({ message, errmsg: message, code, errorLabels: [...labels] });

const named = (name: string) => Object.defineProperty(new mongo.MongoError('x'), 'name', { value: name });

describe('a failure that the server reports', () => {
  test.each([
    [1, 'could not extend file "base/5/2619": No space left on device'],
    [8, 'WiredTiger: 28: ENOSPC'],
    [8000, 'you are over your space quota, using 513 MB of 512 MB'],
    [1, 'database or disk is full'],
  ])('is temporary when its disk or quota is full, whatever its code is (%i, %s)', (code, message) => {
    expect(translated(server(code, message))).toMatchObject({ code: 'DATABASE_FAILED', retryable: true });
  });

  test.each([
    [6, 'HostUnreachable'],
    [7, 'HostNotFound'],
    [24, 'LockTimeout'],
    [43, 'CursorNotFound'],
    [46, 'LockBusy'],
    [50, 'MaxTimeMSExpired'],
    [63, 'StaleShardVersion'],
    [64, 'WriteConcernFailed'],
    [89, 'NetworkTimeout'],
    [91, 'ShutdownInProgress'],
    [112, 'WriteConflict'],
    [133, 'FailedToSatisfyReadPreference'],
    [134, 'ReadConcernMajorityNotAvailableYet'],
    [150, 'StaleEpoch'],
    [175, 'QueryPlanKilled'],
    [189, 'PrimarySteppedDown'],
    [202, 'NetworkInterfaceExceededTimeLimit'],
    [234, 'RetryChangeStream'],
    [237, 'CursorKilled'],
    [239, 'SnapshotTooOld'],
    [246, 'SnapshotUnavailable'],
    [249, 'StaleChunkHistory'],
    [251, 'NoSuchTransaction'],
    [262, 'ExceededTimeLimit'],
    [365, 'TemporarilyUnavailable'],
    [391, 'ReauthenticationRequired'],
    [9001, 'SocketException'],
    [10058, 'LegacyNotPrimary'],
    [10107, 'NotWritablePrimary'],
    [11600, 'InterruptedAtShutdown'],
    [11601, 'Interrupted'],
    [11602, 'InterruptedDueToReplStateChange'],
    [13388, 'StaleConfig'],
    [13435, 'NotPrimaryNoSecondaryOk'],
    [13436, 'NotPrimaryOrSecondary'],
    [14031, 'OutOfDiskSpace'],
  ])('%i %s is transient', (code) => {
    expect(translated(server(code))).toMatchObject({ code: 'DATABASE_FAILED', retryable: true });
  });

  test.each([
    [2, 'BadValue'],
    [9, 'FailedToParse'],
    [14, 'TypeMismatch'],
    [20, 'IllegalOperation'],
    [26, 'NamespaceNotFound'],
    [59, 'CommandNotFound'],
    [66, 'ImmutableField'],
    [72, 'InvalidOptions'],
    [79, 'UnknownReplWriteConcern'],
    [85, 'IndexOptionsConflict'],
    [121, 'DocumentValidationFailure'],
    [148, 'ReadConcernMajorityNotEnabled'],
    [166, 'CommandNotSupportedOnView'],
    [10334, 'BSONObjectTooLarge'],
    [11000, 'DuplicateKey'],
    [4_242_424, 'an unknown code'],
  ])('%i %s is final', (code) => {
    expect(translated(server(code))).toMatchObject({ code: 'DATABASE_FAILED', retryable: false });
  });

  test.each([
    'RetryableWriteError',
    'RetryableError',
    'TransientTransactionError',
    'UnknownTransactionCommitResult',
    'PoolRequestedRetry',
    'SystemOverloadedError',
  ])('the label %s makes any code transient', (label) => {
    expect(translated(server(2, 'x', [label]))).toMatchObject({ retryable: true });
  });

  test.each([
    [11, 'UserNotFound'],
    [13, 'Unauthorized'],
    [18, 'AuthenticationFailed'],
    [31, 'RoleNotFound'],
  ])('%i %s is DATABASE_UNAUTHORIZED, and final', (code) => {
    expect(translated(server(code))).toMatchObject({ code: 'DATABASE_UNAUTHORIZED', retryable: false });
  });

  test('8000 AtlasError is a refused login only if it says so: a full quota has the same code', () => {
    expect(translated(server(8000, 'bad auth : authentication failed')).code).toBe('DATABASE_UNAUTHORIZED');
    expect(translated(server(8000, 'you are over your space quota')).code).toBe('DATABASE_FAILED');
  });

  test('the message has the code and the name of the server, and neither the documents nor the cause', () => {
    const error = new mongo.MongoServerError({
      message: 'Document failed validation',
      code: 121,
      codeName: 'DocumentValidationFailure',
      errInfo: { failingDocumentId: 'canary-id', details: { consideredValue: 'canary-value' } },
    });
    const { message, cause } = translated(error);
    expect(message).toBe('object: Document failed validation (DocumentValidationFailure 121)');
    expect(cause).toBeUndefined();
  });

  test.each([
    [
      'not authorized on x to execute command { "insert": "b", "documents": [{ "name": "canary" }] }',
      'insert on b',
    ],
    ['not authorized on x to execute command { find: "b", filter: { name: "canary" } }', 'find on b'],
    ['E11000 duplicate key error collection: x.b index: name_1 dup key: { name: "canary" }', 'name_1'],
  ])('documents that the server quotes are removed: %s', (text, kept) => {
    const { message } = translated(server(13, text));
    expect(message).toContain(kept);
    expect(message).not.toContain('canary');
  });

  test('the code of an unacknowledged write is read from its write concern error', () => {
    const response = { ok: 1, n: 1, writeConcernError: { code: 11_602, errmsg: 'interrupted', errInfo: {} } };
    const error = new mongo.MongoWriteConcernError(response);
    expect(translated(error)).toMatchObject({ code: 'DATABASE_FAILED', retryable: true });
  });
});

describe('a failure of the driver', () => {
  test.each([
    ['a lost connection', new mongo.MongoNetworkError('connection closed')],
    ['a response that is late', new mongo.MongoNetworkTimeoutError('timed out')],
    ['a closed client', new mongo.MongoNotConnectedError('not connected')],
  ])('%s is DATABASE_UNREACHABLE and transient', (_what, error) => {
    expect(translated(error)).toMatchObject({ code: 'DATABASE_UNREACHABLE', retryable: true });
  });

  test.each(['MongoWaitQueueTimeoutError', 'MongoPoolClosedError', 'MongoOperationTimeoutError'])(
    '%s is transient',
    (name) => {
      expect(translated(named(name))).toMatchObject({ code: 'DATABASE_FAILED', retryable: true });
    },
  );

  test('a connection string in a message is removed', () => {
    const error = new mongo.MongoNetworkError('cannot reach mongodb+srv://user:canary@host/db now');
    expect(translated(error).message).not.toContain('canary');
  });

  test('any other error is returned unchanged', () => {
    const bug = new TypeError('bug');
    expect(toDatabaseError('object', bug)).toBe(bug);
  });
});

test('docs/mongodb.md lists every code that is transient or means that access is denied', () => {
  const page =
    readFileSync(join(__dirname, '../../../docs/mongodb.md'), 'utf8').split('## Failures')[1] ?? '';
  const listed = [...page.matchAll(/\b\d{1,5}\b/g)].map(([code]) => Number(code));
  const known = Array.from({ length: 20_000 }, (_, code) => code).filter((code) => meaningOf(code));
  expect(listed.toSorted((left, right) => left - right)).toEqual(known);
});
