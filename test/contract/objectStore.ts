import { randomUUID } from 'node:crypto';
import type { ObjectStore } from '../../src/ports/objectStore';

const HOUR_MS = 3_600_000;
const inHours = (hours: number) => new Date(Math.floor(Date.now() / 1000) * 1000 + hours * HOUR_MS);

/** What every object store does, whether it is in memory or a server. */
export function describeObjectStore(name: string, makeStore: () => ObjectStore): void {
  describe(`${name} as an object store`, () => {
    let store: ObjectStore;
    let key: string;

    beforeEach(() => {
      store = makeStore();
      key = `contract/${randomUUID()}/object`;
    });

    test('a bucket with Object Lock is accepted', async () => {
      await expect(store.checkBucket()).resolves.toBeUndefined();
    });

    test('what was put is what is read, by version and as the newest', async () => {
      const body = Buffer.from([0, 1, 2, 255, 254, 10, 13]);
      const put = await store.putOnce(key, body, inHours(1));
      expect(put?.versionId).toEqual(expect.any(String));
      await expect(store.get(key, 100)).resolves.toMatchObject({ versionId: put!.versionId, body });
      await expect(store.get(key, 100, put!.versionId)).resolves.toMatchObject({
        versionId: put!.versionId,
        body,
      });
    });

    test('an object without bytes is an object', async () => {
      const put = await store.putOnce(key, Buffer.alloc(0), inHours(1));
      await expect(store.get(key, 0)).resolves.toMatchObject({
        versionId: put!.versionId,
        body: Buffer.alloc(0),
      });
    });

    test('a key that is taken is not written again, whatever the bytes', async () => {
      const first = await store.putOnce(key, Buffer.from('first'), inHours(1));
      await expect(store.putOnce(key, Buffer.from('second'), inHours(1))).resolves.toBeUndefined();
      await expect(store.putOnce(key, Buffer.from('first'), inHours(1))).resolves.toBeUndefined();
      await expect(store.get(key, 100)).resolves.toMatchObject({
        versionId: first!.versionId,
        body: Buffer.from('first'),
      });
    });

    test('of twenty writers of one key exactly one wins', async () => {
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

    test('a version is put on top of the one that its etag names, and on no other', async () => {
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

    test('of twenty that replace one version exactly one wins', async () => {
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

    test('nothing is replaced that is not there', async () => {
      await expect(store.replace(key, Buffer.from('x'), inHours(1), '"none"')).resolves.toBeUndefined();
    });

    test('a key or a version that is not there is undefined', async () => {
      await expect(store.get(key, 100)).resolves.toBeUndefined();
    });

    test('an object that is larger than asked for is refused', async () => {
      await store.putOnce(key, Buffer.alloc(101), inHours(1));
      await expect(store.get(key, 100)).rejects.toMatchObject({ code: 'STORAGE_FAILED', retryable: false });
      await expect(store.get(key, 101)).resolves.toBeDefined();
    });

    test('an object is locked in COMPLIANCE mode from its first write', async () => {
      const until = inHours(2);
      const put = await store.putOnce(key, Buffer.from('locked'), until);
      await expect(store.readLock(key, put!.versionId)).resolves.toEqual({ mode: 'COMPLIANCE', until });
    });

    test('a lock is extended, and never shortened', async () => {
      const put = await store.putOnce(key, Buffer.from('locked'), inHours(1));
      await store.extendLock(key, put!.versionId, inHours(5));
      await store.extendLock(key, put!.versionId, inHours(5));
      await store.extendLock(key, put!.versionId, inHours(3));
      await expect(store.readLock(key, put!.versionId)).resolves.toEqual({
        mode: 'COMPLIANCE',
        until: inHours(5),
      });
    });

    test('a legal hold stands until it is taken away, and leaves the lock as it is', async () => {
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

    test('the lock of an object that is not there is an error', async () => {
      await expect(store.extendLock(key, 'no-such-version', inHours(1))).rejects.toMatchObject({
        name: 'SnapshotError',
      });
    });
  });
}
