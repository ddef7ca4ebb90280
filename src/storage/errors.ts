import { S3Error } from 'minio';
import { SnapshotError, messageOf } from '../errors';
import { isCertificateError } from '../net/certificateErrors';
import { saysOutOfSpace } from '../net/outOfSpace';
import { Refusal } from './refusal';

const BAD_CREDENTIALS =
  /^(InvalidAccessKeyId|SignatureDoesNotMatch|Expired(Token|TokenException)|TokenRefreshRequired|Invalid(Token|ClientTokenId|Security)|UnrecognizedClientException|AuthorizationHeaderMalformed|AllAccessDisabled|AccountProblem|NotSignedUp)$/;
const EXPIRED = /^(ExpiredToken|ExpiredTokenException|TokenRefreshRequired|InvalidToken|InvalidAccessKeyId)$/;
const NOT_FOUND = /^(NoSuchKey|NoSuchVersion|NotFound|MethodNotAllowed)$/;
const TRANSIENT =
  /^(SlowDown|InternalError|ServiceUnavailable|RequestTimeout|RequestTimeTooSkewed|OperationAborted|ConditionalRequestConflict|Busy)$/;
/** Of several servers, some with a status that otherwise means that the request is wrong or forbidden. */
const OUT_OF_SPACE =
  /^(InsufficientStorage|InsufficientCapacity|StorageFull|XMinioStorageFull|(XMinioAdmin)?(Bucket)?QuotaExceeded)$/;
const TRANSIENT_STATUS = /^(408|425|429|5\d\d)$/;
/** Statuses that say that the server will never do it. */
const FINAL_STATUS = /^(501|505)$/;
/** The S3 error code of a failed request; empty when the server did not answer. */
export function s3Code(error: unknown): string {
  return error instanceof S3Error ? (error.code ?? '') : '';
}

/** True when the object or version does not exist, or is hidden by a delete marker. */
export function isNotFound(error: unknown): boolean {
  return NOT_FOUND.test(s3Code(error)) && !isCut(error);
}

/** True when the condition of a write (`If-None-Match`, `If-Match`) did not hold. */
export function isPreconditionFailed(error: unknown): boolean {
  return s3Code(error) === 'PreconditionFailed' && !isCut(error);
}

/** True when storage refused because of the caller's rights, or because of a lock: S3 has one code for both. */
export function isAccessDenied(error: unknown): boolean {
  return error instanceof Refusal && error.code === 'AccessDenied';
}

/** True when storage says that it does not have the operation. */
export function isNotImplemented(error: unknown): boolean {
  return (
    error instanceof Refusal &&
    (error.status === 501 || /^(NotImplemented|MethodNotAllowed)$/.test(s3Code(error)))
  );
}

/** True when storage does not know the credentials, or no longer. */
export function isExpired(error: unknown): boolean {
  return EXPIRED.test(s3Code(error));
}

/**
 * Maps a failed request to STORAGE_* or BUCKET_MISSING; `where` names bucket and key, `rights` what the request needs. The
 * cause is dropped: it has signed headers.
 */
export function toStorageError(where: string, error: unknown, rights?: string): SnapshotError {
  if (error instanceof SnapshotError) return error;
  // The minio client wraps what the source of credentials throws.
  if (error instanceof Error && error.cause instanceof SnapshotError) return error.cause;
  if (error instanceof S3Error) return refused(where, error, rights);
  const code = systemCode(error);
  if (code === undefined)
    return new SnapshotError(
      'STORAGE_FAILED',
      `storage answers with something other than S3: ${messageOf(error)}; check S3_ENDPOINT ${where}`,
    );
  if (isCertificateError(error))
    return new SnapshotError(
      'STORAGE_UNREACHABLE',
      `the certificate of storage is not trusted (${code}): set S3_CA_FILE to the certificate of its authority, and check the host name in S3_ENDPOINT ${where}`,
    );
  const reason = messageOf(error) === '' ? code : messageOf(error);
  return new SnapshotError('STORAGE_UNREACHABLE', `storage cannot be reached: ${reason} ${where}`, {
    retryable: true,
  });
}

function refused(where: string, refusal: S3Error, rights: string | undefined): SnapshotError {
  const code = s3Code(refusal);
  const { message } = refusal;
  const answer = message === '' ? code : `${code}: ${message}`;
  if (OUT_OF_SPACE.test(code) || saysOutOfSpace(message)) {
    const text = `storage has no space left: ${answer}; the write is tried again, add space or raise the quota ${where}`;
    return new SnapshotError('STORAGE_FAILED', text, { retryable: true });
  }
  if (BAD_CREDENTIALS.test(code))
    return new SnapshotError('STORAGE_UNAUTHORIZED', `storage rejects the credentials: ${answer} ${where}`);
  if (code === 'AccessDenied' || /^HTTP 40[13]$/.test(code)) {
    const needed = rights === undefined ? '' : `; the request needs ${rights}`;
    return new SnapshotError(
      'STORAGE_UNAUTHORIZED',
      `storage refuses the request: ${answer}${needed} ${where}`,
    );
  }
  if (code === 'NoSuchBucket')
    return new SnapshotError('BUCKET_MISSING', `the bucket does not exist ${where}`);
  const said = isNotImplemented(refusal) ? 'storage does not implement the request:' : 'storage answers';
  return new SnapshotError('STORAGE_FAILED', `${said} ${answer} ${where}`, {
    retryable: isTransient(code, refusal) || isCut(refusal),
  });
}

function isTransient(code: string, refusal: S3Error): boolean {
  const status = refusal instanceof Refusal ? String(refusal.status) : '';
  return TRANSIENT.test(code) || (TRANSIENT_STATUS.test(status) && !FINAL_STATUS.test(status));
}

function isCut(error: unknown): boolean {
  return error instanceof Refusal && error.isCut;
}

/** The code that Node.js gives an error of a socket, TLS or HTTP; other errors have none. */
function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
