import { randomUUID } from 'node:crypto';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { readStorageConfig } from '../../src/config';
import { describeObjectStore } from '../contract/objectStore';
import { storageClient } from '../harness/lockedObject';

const HOUR_MS = 3_600_000;

/** The server itself refuses, because of the lock. */
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

  test('a locked version cannot be deleted, not even with the permission to bypass governance', async () => {
    await expect(client.removeObject(bucket, key, { versionId })).rejects.toMatchObject(REFUSED);
    await expect(
      client.removeObject(bucket, key, { versionId, governanceBypass: true }),
    ).rejects.toMatchObject(REFUSED);
    await expectUnchanged();
  });

  test('the retention of a locked version cannot be shortened', async () => {
    const shorter = new Date(until.getTime() - 24 * HOUR_MS);
    const retention = { mode: 'COMPLIANCE', retainUntilDate: shorter.toISOString(), versionId } as never;
    await expect(client.putObjectRetention(bucket, key, retention)).rejects.toMatchObject(REFUSED);
    await expectUnchanged();
  });

  test('the mode of a locked version cannot be weakened', async () => {
    const retention = { mode: 'GOVERNANCE', retainUntilDate: until.toISOString(), versionId } as never;
    await expect(client.putObjectRetention(bucket, key, retention)).rejects.toMatchObject(REFUSED);
    await expect(
      client.putObjectRetention(bucket, key, { ...(retention as object), governanceBypass: true } as never),
    ).rejects.toMatchObject(REFUSED);
    await expectUnchanged();
  });
});

test('a delete marker and more versions than one page holds are listed', async () => {
  const { bucket } = readStorageConfig();
  const store = connectObjectStore(readStorageConfig());
  const client = storageClient(process.env as Record<string, string>);
  const prefix = `listed/${randomUUID()}/`;
  const until = new Date(Date.now() + HOUR_MS);
  const keys = Array.from({ length: 1_003 }, (_, index) => `${prefix}${String(index).padStart(4, '0')}`);
  for (let start = 0; start < keys.length; start += 50)
    await Promise.all(
      keys.slice(start, start + 50).map((key) => store.putOnce(key, Buffer.from('x'), until)),
    );
  await client.removeObject(bucket, keys[500]!);
  const listed = [];
  for await (const version of store.listVersions(prefix)) listed.push(version);
  expect([...new Set(listed.map(({ key }) => key))].toSorted()).toEqual(keys);
  expect(listed.filter(({ isDeleteMarker }) => isDeleteMarker)).toEqual([
    expect.objectContaining({ key: keys[500], isLatest: true, sizeBytes: 0 }),
  ]);
  expect(listed.find(({ key, isDeleteMarker }) => key === keys[500] && !isDeleteMarker)).toMatchObject({
    isLatest: false,
    sizeBytes: 1,
  });
});

describe('errors of the S3 server', () => {
  const config = readStorageConfig();

  test.each([
    ['a wrong secret', { secretKey: 'wrong-secret-value' }, 'STORAGE_UNAUTHORIZED', false],
    ['a missing bucket', { bucket: 'nowhere' }, 'BUCKET_MISSING', false],
    ['an unreachable server', { endpoint: 'http://127.0.0.1:1' }, 'STORAGE_UNREACHABLE', true],
  ])(
    'storing with %s fails with a code of its own and no secret in the error',
    async (_, wrong, code, retryable) => {
      const store = connectObjectStore({ ...config, ...wrong });
      const error: unknown = await store
        .putOnce('key', Buffer.from('x'), new Date(Date.now() + HOUR_MS))
        .catch((thrown) => thrown);
      expect(error).toMatchObject({ name: 'SnapshotError', code, retryable });
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('wrong-secret-value');
    },
  );
});
