import { randomUUID } from 'node:crypto';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { readStorageConfig } from '../../src/config';
import { describeObjectStore } from '../contract/objectStore';
import { storageClient } from '../harness/lockedObject';

const HOUR_MS = 3_600_000;

/** The server itself says no, for the lock's sake. */
const REFUSED = { code: 'AccessDenied' };

describeObjectStore('the S3 server', () => connectObjectStore(readStorageConfig()));

describe('a locked version on the real server', () => {
  const { bucket } = readStorageConfig();
  const store = connectObjectStore(readStorageConfig());
  const client = storageClient(process.env as Record<string, string>);
  const key = `lock/${randomUUID()}/000000.bson.gz`;
  const until = new Date(Math.floor(Date.now() / 1000) * 1000 + 48 * HOUR_MS);
  let versionId: string;

  beforeAll(async () => {
    ({ versionId } = (await store.putOnce(key, Buffer.from('chunk'), until))!);
  });

  const expectUnchanged = async () => {
    await expect(store.readLock(key, versionId)).resolves.toEqual({ mode: 'COMPLIANCE', until });
    await expect(store.get(key, 100, versionId)).resolves.toMatchObject({ body: Buffer.from('chunk') });
  };

  test('cannot be deleted, not even by one who may bypass governance', async () => {
    await expect(client.removeObject(bucket, key, { versionId })).rejects.toMatchObject(REFUSED);
    await expect(
      client.removeObject(bucket, key, { versionId, governanceBypass: true }),
    ).rejects.toMatchObject(REFUSED);
    await expectUnchanged();
  });

  test('cannot have its retention shortened', async () => {
    const shorter = new Date(until.getTime() - 24 * HOUR_MS);
    const retention = { mode: 'COMPLIANCE', retainUntilDate: shorter.toISOString(), versionId } as never;
    await expect(client.putObjectRetention(bucket, key, retention)).rejects.toMatchObject(REFUSED);
    await expectUnchanged();
  });

  test('cannot have its mode weakened', async () => {
    const retention = { mode: 'GOVERNANCE', retainUntilDate: until.toISOString(), versionId } as never;
    await expect(client.putObjectRetention(bucket, key, retention)).rejects.toMatchObject(REFUSED);
    await expect(
      client.putObjectRetention(bucket, key, { ...(retention as object), governanceBypass: true } as never),
    ).rejects.toMatchObject(REFUSED);
    await expectUnchanged();
  });
});

describe('errors of the S3 server', () => {
  const config = readStorageConfig();

  test.each([
    ['a wrong secret', { secretKey: 'wrong-secret-value' }, 'STORAGE_UNAUTHORIZED', false],
    ['a bucket that is not there', { bucket: 'nowhere' }, 'BUCKET_MISSING', false],
    ['a server that is not there', { endpoint: 'http://127.0.0.1:1' }, 'STORAGE_UNREACHABLE', true],
  ])('%s has its own code and shows no secret', async (_, wrong, code, retryable) => {
    const store = connectObjectStore({ ...config, ...wrong });
    const error: unknown = await store
      .putOnce('key', Buffer.from('x'), new Date(Date.now() + HOUR_MS))
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ name: 'SnapshotError', code, retryable });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('wrong-secret-value');
  });
});
