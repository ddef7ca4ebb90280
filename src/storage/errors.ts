import { S3Error } from 'minio';
import { SnapshotError, messageOf } from '../errors';

const UNAUTHORIZED =
  /^(AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|AuthorizationHeaderMalformed|AllAccessDisabled)$/;
const NOT_FOUND = /^(NoSuchKey|NoSuchVersion|NotFound|MethodNotAllowed)$/;
const TRANSIENT =
  /^(SlowDown|InternalError|ServiceUnavailable|RequestTimeout|RequestTimeTooSkewed|OperationAborted|ConditionalRequestConflict|Busy)$/;

/** The S3 error code of a failed request; empty when the server did not answer. */
export function s3Code(error: unknown): string {
  return error instanceof S3Error ? (error.code ?? '') : '';
}

/** True when the object or version does not exist, or is hidden by a delete marker. */
export function isNotFound(error: unknown): boolean {
  return NOT_FOUND.test(s3Code(error));
}

/** True when the condition of a write (`If-None-Match`, `If-Match`) did not hold. */
export function isPreconditionFailed(error: unknown): boolean {
  return s3Code(error) === 'PreconditionFailed';
}

/** Maps a failed request to STORAGE_* or BUCKET_MISSING; `where` names bucket and key. The cause is dropped: it has signed headers. */
export function toStorageError(where: string, error: unknown): SnapshotError {
  if (error instanceof SnapshotError) return error;
  const code = s3Code(error);
  if (UNAUTHORIZED.test(code))
    return new SnapshotError('STORAGE_UNAUTHORIZED', `storage rejects the credentials: ${code} ${where}`);
  if (code === 'NoSuchBucket')
    return new SnapshotError('BUCKET_MISSING', `the bucket does not exist ${where}`);
  if (code !== '') {
    // Of a response without a body the client has only the status.
    const retryable =
      TRANSIENT.test(code) || /^(429|5\d\d)$/.test(String((error as { statusCode?: unknown }).statusCode));
    return new SnapshotError('STORAGE_FAILED', `storage answers ${code}: ${messageOf(error)} ${where}`, {
      retryable,
    });
  }
  return new SnapshotError('STORAGE_UNREACHABLE', `storage cannot be reached: ${messageOf(error)} ${where}`, {
    retryable: true,
  });
}
