import { S3Error } from 'minio';
import { SnapshotError, messageOf } from '../errors';

const UNAUTHORIZED =
  /^(AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|AuthorizationHeaderMalformed|AllAccessDisabled)$/;
const ABSENT = /^(NoSuchKey|NoSuchVersion|NotFound|MethodNotAllowed)$/;
const TAKEN = /^(PreconditionFailed)$/;
const PASSING =
  /^(SlowDown|InternalError|ServiceUnavailable|RequestTimeout|RequestTimeTooSkewed|OperationAborted|ConditionalRequestConflict|Busy)$/;

/** The S3 error code of a failed request; empty when it is no answer of the server. */
export function s3Code(error: unknown): string {
  return error instanceof S3Error ? (error.code ?? '') : '';
}

export function isAbsent(error: unknown): boolean {
  return ABSENT.test(s3Code(error));
}

export function isTaken(error: unknown): boolean {
  return TAKEN.test(s3Code(error));
}

/** Maps a failed request to STORAGE_*; `where` names bucket and key. The cause stays out: it carries signed headers. */
export function toStorageError(where: string, error: unknown): SnapshotError {
  if (error instanceof SnapshotError) return error;
  const code = s3Code(error);
  if (UNAUTHORIZED.test(code))
    return new SnapshotError('STORAGE_UNAUTHORIZED', `storage refuses the credentials: ${code} ${where}`);
  if (code === 'NoSuchBucket')
    return new SnapshotError('BUCKET_MISSING', `the bucket does not exist ${where}`);
  if (code !== '') {
    // The client names an answer without a body by its status.
    const retryable =
      PASSING.test(code) || /^(429|5\d\d)$/.test(String((error as { statusCode?: unknown }).statusCode));
    return new SnapshotError('STORAGE_FAILED', `storage answers ${code}: ${messageOf(error)} ${where}`, {
      retryable,
    });
  }
  return new SnapshotError('STORAGE_UNREACHABLE', `storage cannot be reached: ${messageOf(error)} ${where}`, {
    retryable: true,
  });
}
