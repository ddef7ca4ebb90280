import { randomUUID } from 'node:crypto';
import type { ObjectStore } from '../../src/ports/objectStore';

const HOUR_MS = 3_600_000;
/** Read once: two calls with the same hours give the same instant. */
const NOW_MS = Math.floor(Date.now() / 1000) * 1000;
const inHours = (hours: number) => new Date(NOW_MS + hours * HOUR_MS);

/** What every object store does, whether it is in memory or a server. */
export function describeObjectStore(name: string, makeStore: () => ObjectStore): void {
  describe(`${name} as an object store`, () => {
    let store: ObjectStore;
    let key: string;

    beforeEach(() => {
      store = makeStore();
      key = `contract/${randomUUID()}/object`;
    });

    test('a bucket with Object Lock passes the check', async () => {
      await expect(store.checkBucket()).resolves.toBeUndefined();
    });

    test('an object is read as it was stored, by version and as the newest', async () => {
      const body = Buffer.from([0, 1, 2, 255, 254, 10, 13]);
      const put = await store.putOnce(key, body, inHours(1));
      expect(put?.versionId).toEqual(expect.any(String));
      await expect(store.get(key, 100)).resolves.toMatchObject({ versionId: put!.versionId, body });
      await expect(store.get(key, 100, put!.versionId)).resolves.toMatchObject({
        versionId: put!.versionId,
        body,
      });
    });

    test('an empty object can be stored and read', async () => {
      const put = await store.putOnce(key, Buffer.alloc(0), inHours(1));
      await expect(store.get(key, 0)).resolves.toMatchObject({
        versionId: put!.versionId,
        body: Buffer.alloc(0),
      });
    });

    test('an existing key is not written again, whatever the bytes', async () => {
      const first = await store.putOnce(key, Buffer.from('first'), inHours(1));
      await expect(store.putOnce(key, Buffer.from('second'), inHours(1))).resolves.toBeUndefined();
      await expect(store.putOnce(key, Buffer.from('first'), inHours(1))).resolves.toBeUndefined();
      await expect(store.get(key, 100)).resolves.toMatchObject({
        versionId: first!.versionId,
        body: Buffer.from('first'),
      });
    });

    test('of twenty concurrent writes of one key exactly one succeeds', async () => {
      const puts = await Promise.all(
        Array.from({ length: 20 }, (_, writer) =>
          store.putOnce(key, Buffer.from(`writer ${writer}`), inHours(1)),
        ),
      );
      const winners = puts.flatMap((put, writer) => (put ? [{ put, writer }] : []));
      expect(winners).toHaveLength(1);
      const [{ put, writer }] = winners as [(typeof winners)[number]];
      await expect(store.get(key, 100)).resolves.toMatchObject({
        versionId: put.versionId,
        body: Buffer.from(`writer ${writer}`),
      });
    });

    test('a version replaces only the one that its etag names', async () => {
      const first = await store.putOnce(key, Buffer.from('first'), inHours(1));
      const { etag } = (await store.get(key, 100))!;
      const second = await store.replace(key, Buffer.from('second'), inHours(1), etag);
      expect(second?.versionId).not.toBe(first!.versionId);
      await expect(store.replace(key, Buffer.from('third'), inHours(1), etag)).resolves.toBeUndefined();
      const body = Buffer.from('second');
      await expect(store.get(key, 100)).resolves.toMatchObject({ versionId: second!.versionId, body });
      await expect(store.get(key, 100, first!.versionId)).resolves.toMatchObject({
        body: Buffer.from('first'),
      });
      await expect(store.readLock(key, second!.versionId)).resolves.toMatchObject({ mode: 'COMPLIANCE' });
    });

    test('of twenty concurrent replacements of one version exactly one succeeds', async () => {
      await store.putOnce(key, Buffer.from('first'), inHours(1));
      const { etag } = (await store.get(key, 100))!;
      const puts = await Promise.all(
        Array.from({ length: 20 }, (_, writer) =>
          store.replace(key, Buffer.from(`writer ${writer}`), inHours(1), etag),
        ),
      );
      const winners = puts.flatMap((put, writer) => (put ? [writer] : []));
      expect(winners).toHaveLength(1);
      await expect(store.get(key, 100)).resolves.toMatchObject({ body: Buffer.from(`writer ${winners[0]}`) });
    });

    test('every version below a prefix is listed, the newest of a key first', async () => {
      const first = await store.putOnce(key, Buffer.from('first'), inHours(1));
      const { etag } = (await store.get(key, 100))!;
      const second = await store.replace(key, Buffer.from('second!'), inHours(1), etag);
      const other = await store.putOnce(`${key}-other`, Buffer.from('x'), inHours(1));
      const listed = [];
      for await (const version of store.listVersions(key)) listed.push(version);
      const isDeleteMarker = false;
      expect(listed).toMatchObject([
        { key, versionId: second!.versionId, isLatest: true, isDeleteMarker, sizeBytes: 7 },
        { key, versionId: first!.versionId, isLatest: false, isDeleteMarker, sizeBytes: 5 },
        { key: `${key}-other`, versionId: other!.versionId, isLatest: true, isDeleteMarker, sizeBytes: 1 },
      ]);
      expect(listed.every(({ lastModified }) => lastModified.getTime() > 0)).toBe(true);
    });

    test('a prefix without objects has an empty listing', async () => {
      const listed = [];
      for await (const version of store.listVersions(`${key}/none/`)) listed.push(version);
      expect(listed).toEqual([]);
    });

    test('a missing key is not replaced', async () => {
      await expect(store.replace(key, Buffer.from('x'), inHours(1), '"none"')).resolves.toBeUndefined();
    });

    test('a missing key is read as undefined', async () => {
      await expect(store.get(key, 100)).resolves.toBeUndefined();
    });

    test('an object larger than the limit of the read is refused', async () => {
      await store.putOnce(key, Buffer.alloc(101), inHours(1));
      await expect(store.get(key, 100)).rejects.toMatchObject({ code: 'STORAGE_FAILED', retryable: false });
      await expect(store.get(key, 101)).resolves.toBeDefined();
    });

    test('an object is locked in COMPLIANCE mode from its first write', async () => {
      const until = inHours(2);
      const put = await store.putOnce(key, Buffer.from('locked'), until);
      await expect(store.readLock(key, put!.versionId)).resolves.toEqual({ mode: 'COMPLIANCE', until });
    });

    test('the lock of a version that does not exist is STORAGE_NOT_FOUND', async () => {
      const put = await store.putOnce(key, Buffer.from('locked'), inHours(1));
      const missing = `${key}-missing`;
      await expect(store.readLock(missing, put!.versionId)).rejects.toMatchObject({
        code: 'STORAGE_NOT_FOUND',
      });
    });

    test('a lock is extended and never shortened', async () => {
      const put = await store.putOnce(key, Buffer.from('locked'), inHours(1));
      await store.extendLock(key, put!.versionId, inHours(5));
      await store.extendLock(key, put!.versionId, inHours(5));
      await store.extendLock(key, put!.versionId, inHours(3));
      await expect(store.readLock(key, put!.versionId)).resolves.toEqual({
        mode: 'COMPLIANCE',
        until: inHours(5),
      });
    });

    test('a legal hold is in force until it is removed, and does not change the lock', async () => {
      const put = await store.putOnce(key, Buffer.from('held'), inHours(1));
      const { versionId } = put!;
      await expect(store.readLegalHold(key, versionId)).resolves.toBe(false);
      await store.setLegalHold(key, versionId, true);
      await store.setLegalHold(key, versionId, true);
      await expect(store.readLegalHold(key, versionId)).resolves.toBe(true);
      await store.setLegalHold(key, versionId, false);
      await expect(store.readLegalHold(key, versionId)).resolves.toBe(false);
      await expect(store.readLock(key, versionId)).resolves.toEqual({
        mode: 'COMPLIANCE',
        until: inHours(1),
      });
    });

    test('extending the lock of a missing object is an error', async () => {
      await expect(store.extendLock(key, 'no-such-version', inHours(1))).rejects.toMatchObject({
        name: 'SnapshotError',
      });
    });
  });
}
