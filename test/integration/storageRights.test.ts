import { randomUUID } from 'node:crypto';
import { readStorageConfig } from '../../src/config';
import { probeLock, type ProbeResult } from '../../src/storage/lockProbe';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { probeStart } from '../../src/storage/startProbe';
import { actionsOf, enforcePolicy, readPolicy } from '../harness/s3Policy';
import { s3Error, startS3Proxy, type S3Proxy } from '../harness/s3Proxy';

type Alter = Parameters<typeof startS3Proxy>[1];

const real = readStorageConfig();
const HOUR_MS = 3_600_000;

/** Runs with an address of storage that behaves as `alter` says. */
async function withStorage<T>(
  alter: Alter,
  run: (config: typeof real, proxy: S3Proxy) => Promise<T>,
): Promise<T> {
  await using proxy = await startS3Proxy(real.endpoint, alter);
  return await run({ ...real, endpoint: proxy.url }, proxy);
}

/** What a worker and `doctor` do when they start. */
const start = (config: typeof real) =>
  connectObjectStore(config)
    .checkBucket()
    .then(() => probeStart(config, Date.now()));

describe('the policy of the sealer', () => {
  const policy = readPolicy('s3-sealer');

  test('is enough to start, and the probe object has one version however often workers start', async () => {
    await withStorage(enforcePolicy(policy), async (config) => {
      await start(config);
      await Promise.all(Array.from({ length: 8 }, () => start(config)));
      const versions = [];
      for await (const version of connectObjectStore(config).listVersions('doctor/worker-start'))
        versions.push(version);
      expect(versions).toHaveLength(1);
    });
  });

  test.each(actionsOf(policy).map((action) => [action]))(
    'without %s a worker does not start, and the error names this right',
    async (action) => {
      await withStorage(enforcePolicy(policy, action), async (config, proxy) => {
        await expect(start(config)).rejects.toMatchObject({
          code: 'STORAGE_UNAUTHORIZED',
          retryable: false,
          message: expect.stringMatching(new RegExp(`${action}\\b`)),
        });
        expect(proxy.actions).toContain('s3:GetBucketObjectLockConfiguration');
      });
    },
  );

  test('has no right that a worker does not need', async () => {
    const used = await withStorage(enforcePolicy(policy), async (config, proxy) => {
      await start(config);
      return proxy.actions;
    });
    // These belong to a request of another action.
    const implied = ['s3:ListBucket', 's3:GetObjectRetention'];
    expect(actionsOf(policy).filter((action) => !used.includes(action) && !implied.includes(action))).toEqual(
      [],
    );
  });
});

describe('the policy of the verifier', () => {
  const policy = readPolicy('s3-verifier');
  const key = `rights/${randomUUID()}`;
  let versionId: string;

  beforeAll(async () => {
    const until = new Date(Date.now() + HOUR_MS);
    ({ versionId } = (await connectObjectStore(real).putOnce(key, Buffer.from('x'), until))!);
  });

  const verify = async (config: typeof real) => {
    const store = connectObjectStore(config);
    await store.get(key, 10);
    await store.get(key, 10, versionId);
    await store.get(`${key}-absent`, 10);
    for await (const version of store.listVersions(key)) expect(version.versionId).toBe(versionId);
    await store.readLegalHold(key, versionId);
    return store.readLock(key, versionId);
  };

  test('reads objects, versions, locks and listings, and writes nothing', async () => {
    await withStorage(enforcePolicy(policy), async (config) => {
      await expect(verify(config)).resolves.toMatchObject({ mode: 'COMPLIANCE' });
      const write = connectObjectStore(config).putOnce(`${key}-new`, Buffer.from('x'), new Date());
      await expect(write).rejects.toMatchObject({ code: 'STORAGE_UNAUTHORIZED' });
    });
  });

  test.each(actionsOf(policy).map((action) => [action]))(
    'without %s the error names this right',
    async (action) => {
      await withStorage(enforcePolicy(policy, action), async (config) => {
        await expect(verify(config)).rejects.toMatchObject({
          code: 'STORAGE_UNAUTHORIZED',
          message: expect.stringMatching(new RegExp(`${action}\\b`)),
        });
      });
    },
  );
});

describe('the policy of holds', () => {
  const policies = [...readPolicy('s3-sealer'), ...readPolicy('s3-hold')];

  test.each([['s3:PutObjectLegalHold'], ['s3:GetObjectLegalHold']])(
    'sets and removes a hold, and not without %s',
    async (action) => {
      const key = `rights/${randomUUID()}`;
      const put = await connectObjectStore(real).putOnce(
        key,
        Buffer.from('x'),
        new Date(Date.now() + HOUR_MS),
      );
      const hold = async (config: typeof real) => {
        const store = connectObjectStore(config);
        await store.setLegalHold(key, put!.versionId, true);
        const held = await store.readLegalHold(key, put!.versionId);
        await store.setLegalHold(key, put!.versionId, false);
        return held;
      };
      await expect(withStorage(enforcePolicy(policies), hold)).resolves.toBe(true);
      await expect(withStorage(enforcePolicy(policies, action), hold)).rejects.toMatchObject({
        code: 'STORAGE_UNAUTHORIZED',
        message: expect.stringContaining(action),
      });
    },
  );
});

const probe = (alter: Alter) => withStorage(alter, (config) => probeLock(config, Date.now()));
const deletion = (results: readonly ProbeResult[]) => results.find(({ promise }) => /deleted/.test(promise));

const withoutLock: Alter = (request, answer) => {
  if (request.action === 's3:GetObjectRetention') return s3Error(404, 'NoSuchObjectLockConfiguration');
  const { 'x-amz-object-lock-mode': _mode, ...headers } = answer.headers;
  return { ...answer, headers };
};

describe('doctor and the lock', () => {
  const policy = readPolicy('s3-doctor');
  test('with its policy every promise is proven, and refusals are due to the lock', async () => {
    const results = await probe(enforcePolicy(policy));
    expect(results.filter(({ kept, unproven }) => !kept || unproven !== undefined)).toEqual([]);
    expect(deletion(results)).toMatchObject({ found: 'refused by the lock: AccessDenied' });
  });

  test('without the right to delete, the refusal is due to the rights, which proves nothing', async () => {
    expect(deletion(await probe(enforcePolicy(policy, 's3:DeleteObjectVersion')))).toMatchObject({
      kept: true,
      found: 'refused by your rights: AccessDenied',
      unproven: expect.stringContaining('s3:DeleteObjectVersion'),
    });
  });

  test('a server without the operation is not taken for one that locks', async () => {
    const results = await probe((request, answer) =>
      request.action === 's3:DeleteObjectVersion' ? s3Error(501, 'NotImplemented') : answer,
    );
    expect(deletion(results)).toMatchObject({
      found: 'not implemented: NotImplemented',
      unproven: expect.any(String),
    });
  });

  test('a server that deletes locked versions is found', async () => {
    const results = await probe((request, answer) =>
      request.action === 's3:DeleteObjectVersion'
        ? { status: 204, headers: {}, body: Buffer.alloc(0) }
        : answer,
    );
    expect(deletion(results)).toMatchObject({ kept: false });
  });

  test('without the right to extend locks, the error names it', async () => {
    await expect(probe(enforcePolicy(policy, 's3:PutObjectRetention'))).rejects.toMatchObject({
      code: 'STORAGE_UNAUTHORIZED',
      message: expect.stringContaining('s3:PutObjectRetention'),
    });
  });
});

describe('a server that does not keep the guarantees of S3 is found when a worker starts:', () => {
  const accepted = { status: 200, headers: { 'x-amz-version-id': 'v2', etag: '"e"' }, body: Buffer.alloc(0) };
  const ignores =
    (condition: string): Alter =>
    (request, answer) =>
      request.headers[condition] !== undefined && answer.status === 412 ? accepted : answer;

  test.each(['if-none-match', 'if-match'])('it ignores %s', async (condition) => {
    await withStorage(ignores(condition), async (config) => {
      await expect(start(config)).rejects.toMatchObject({
        code: 'BUCKET_WITHOUT_CONDITIONS',
        retryable: false,
        message: expect.stringMatching(new RegExp(`ignores ${condition}\\b`, 'i')),
      });
    });
  });

  test('it refuses a header as not implemented', async () => {
    await withStorage(
      (request, answer) => (request.action === 's3:PutObject' ? s3Error(501, 'NotImplemented') : answer),
      async (config) => {
        await expect(start(config)).rejects.toMatchObject({
          code: 'STORAGE_FAILED',
          retryable: false,
          message: expect.stringContaining('does not implement'),
        });
      },
    );
  });

  test('it stores objects without their lock', async () => {
    await withStorage(withoutLock, async (config) => {
      await expect(start(config)).rejects.toMatchObject({ code: 'BUCKET_WITHOUT_LOCK', retryable: false });
    });
  });

  test('it accepts a longer lock and keeps the old one', async () => {
    const header = 'x-amz-object-lock-retain-until-date';
    let first: string | string[] | undefined;
    const keepsOld: Alter = (_request, answer) => {
      first ??= answer.headers[header];
      return answer.headers[header] === undefined || first === undefined
        ? answer
        : { ...answer, headers: { ...answer.headers, [header]: first } };
    };
    await withStorage(keepsOld, async (config) => {
      await expect(start(config)).rejects.toMatchObject({ code: 'BUCKET_WITHOUT_LOCK', retryable: false });
    });
  });
});
