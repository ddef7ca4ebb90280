import { SnapshotError } from '../../../../src/errors';
import { RenewedCredentials } from '../../../../src/storage/credentials/renewedCredentials';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Gives credentials that are valid for an hour, numbered, unless it is told to fail. */
class Source {
  nowMs = 0;
  given = 0;
  failure: Error | undefined;
  readonly renewed = new RenewedCredentials(
    async () => {
      await Promise.resolve();
      if (this.failure) throw this.failure;
      const number = ++this.given;
      return {
        accessKey: `key ${number}`,
        secretKey: 's',
        sessionToken: 't',
        expiresAtMs: this.nowMs + HOUR_MS,
      };
    },
    () => this.nowMs,
  );
  key = async () => (await this.renewed.getCredentials()).getAccessKey();
}

let source: Source;
beforeEach(() => {
  source = new Source();
});

test('credentials are used until five minutes before they expire, and then renewed', async () => {
  expect(await source.key()).toBe('key 1');
  source.nowMs = 54 * MINUTE_MS;
  expect(await source.key()).toBe('key 1');
  source.nowMs = 55 * MINUTE_MS;
  expect(await source.key()).toBe('key 2');
});

test('concurrent requests share one renewal', async () => {
  const keys = await Promise.all(Array.from({ length: 50 }, source.key));
  expect(new Set(keys)).toEqual(new Set(['key 1']));
  expect(source.given).toBe(1);
});

test('a renewal that fails does not end requests while the credentials are valid, and is tried again', async () => {
  await source.key();
  source.failure = new Error('down');
  source.nowMs = 56 * MINUTE_MS;
  expect(await source.key()).toBe('key 1');
  source.failure = undefined;
  expect(await source.key()).toBe('key 1');
  source.nowMs += 11_000;
  expect(await source.key()).toBe('key 2');
});

test('a renewal that fails after the end of the credentials is retryable, whatever the reason', async () => {
  await source.key();
  source.failure = new SnapshotError('STORAGE_CREDENTIALS_MISSING', 'no role');
  source.nowMs = HOUR_MS + 1;
  await expect(source.key()).rejects.toMatchObject({
    code: 'STORAGE_UNAUTHORIZED',
    retryable: true,
    message: expect.stringContaining('no role'),
  });
  source.failure = undefined;
  expect(await source.key()).toBe('key 2');
});

test('the first failure has the code of its source', async () => {
  source.failure = new SnapshotError('STORAGE_CREDENTIALS_MISSING', 'no role');
  await expect(source.key()).rejects.toMatchObject({ code: 'STORAGE_CREDENTIALS_MISSING' });
});

test('discarded credentials are replaced at the next request', async () => {
  await source.key();
  source.renewed.discard();
  expect(await source.key()).toBe('key 2');
});
