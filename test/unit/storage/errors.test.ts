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

  test.each(['InvalidRequest', 'EntityTooLarge'])('the S3 error %s is not retryable', (code) => {
    expect(toStorageError('[key=k]', s3Error(code))).toMatchObject({
      code: 'STORAGE_FAILED',
      retryable: false,
    });
  });
});
