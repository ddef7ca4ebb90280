import { S3Error } from 'minio';
import { toStorageError } from '../../../src/storage/errors';

function s3Error(code: string): S3Error {
  const error = new S3Error(`storage says ${code}`);
  error.code = code;
  return error;
}

describe('storage errors', () => {
  test.each(['SlowDown', 'RequestTimeout', 'RequestTimeTooSkewed'])(
    'the S3 error %s is retryable',
    (code) => {
      expect(toStorageError('[key=k]', s3Error(code))).toMatchObject({
        code: 'STORAGE_FAILED',
        retryable: true,
      });
    },
  );

  test.each([
    ['InsufficientStorage', 'No space left on device.'],
    ['XMinioStorageFull', 'Storage backend has reached its minimum free drive threshold.'],
    ['XMinioAdminBucketQuotaExceeded', 'Bucket quota exceeded'],
    ['QuotaExceeded', ''],
    ['InternalError', 'write /data/part: no space left on device'],
    ['AccessDenied', 'the storage quota is exceeded'],
  ])('a full disk or quota is retryable, and the message says what to do (%s, %s)', (code, message) => {
    const error = new S3Error(message);
    error.code = code;
    expect(toStorageError('[key=k]', error)).toMatchObject({
      code: 'STORAGE_FAILED',
      retryable: true,
      message: expect.stringContaining('storage has no space left'),
    });
  });

  test.each(['InvalidRequest', 'EntityTooLarge'])('the S3 error %s is not retryable', (code) => {
    expect(toStorageError('[key=k]', s3Error(code))).toMatchObject({
      code: 'STORAGE_FAILED',
      retryable: false,
    });
  });
});
