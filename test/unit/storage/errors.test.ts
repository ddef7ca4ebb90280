import { S3Error } from 'minio';
import { toStorageError } from '../../../src/storage/errors';

function refusal(code: string): S3Error {
  const error = new S3Error(`storage says ${code}`);
  error.code = code;
  return error;
}

describe('what storage answers', () => {
  test.each(['SlowDown', 'RequestTimeout', 'RequestTimeTooSkewed'])(
    '%s passes, so it is asked again',
    (code) => {
      expect(toStorageError('[key=k]', refusal(code))).toMatchObject({
        code: 'STORAGE_FAILED',
        retryable: true,
      });
    },
  );

  test.each(['InvalidRequest', 'EntityTooLarge'])('%s does not pass', (code) => {
    expect(toStorageError('[key=k]', refusal(code))).toMatchObject({
      code: 'STORAGE_FAILED',
      retryable: false,
    });
  });
});
