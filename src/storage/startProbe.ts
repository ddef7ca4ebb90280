import { randomUUID } from 'node:crypto';
import type { StorageConfig } from '../config';
import { SnapshotError } from '../errors';
import type { ObjectLock, ObjectStore } from '../ports/objectStore';
import { BucketClient } from './bucketClient';
import { connectObjectStore } from './minioObjectStore';

/** One object of one version in each bucket. Later probes find it, so they store nothing. */
const PROBE_KEY = 'doctor/worker-start';
const BODY = Buffer.from('audit-snapshot tests with this object that storage honours conditions and locks\n');
const LOCK_MS = 60_000;
const EXTENSION_MS = 2_000;
/** An ETag that this body cannot have. */
const OTHER_ETAG = `"${'0'.repeat(32)}"`;

/**
 * Tries every kind of request that sealing sends, before anything is sealed: some servers ignore `If-None-Match`,
 * `If-Match` or the lock of a write and answer 200, and a missing right would otherwise show after signing began. It
 * extends the lock of the probe object by seconds. BUCKET_WITHOUT_CONDITIONS, BUCKET_WITHOUT_LOCK, STORAGE_*.
 */
export async function probeStart(config: StorageConfig, nowMs: number): Promise<void> {
  const store = connectObjectStore(config);
  const bucket = new BucketClient(config);
  await readAbsentKey(store);
  const { key, versionId } = await writeProbe(store, bucket, new Date(nowMs + LOCK_MS));
  await refuseIgnoredMatch(store, bucket, key, new Date(nowMs + LOCK_MS));
  const lock = await requireLock(store, bucket, key, versionId);
  await extendProbe(
    store,
    bucket,
    key,
    versionId,
    // A lock that has ended gets a new end that a slow request does not reach.
    new Date(Math.max(nowMs + LOCK_MS, lock.until.getTime()) + EXTENSION_MS),
  );
  await store.get(key, BODY.length, versionId);
  await store.listVersions(key)[Symbol.asyncIterator]().next();
}

async function readAbsentKey(store: ObjectStore): Promise<void> {
  const key = `doctor/absent-${randomUUID()}`;
  if (!(await store.get(key, BODY.length))) return;
  const message = `storage returns an object that was never stored; check S3_ENDPOINT [key=${key}]`;
  throw new SnapshotError('STORAGE_FAILED', message);
}

/** Stores the probe object unless it exists, and checks that a second write of its key is refused. */
async function writeProbe(
  store: ObjectStore,
  bucket: BucketClient,
  until: Date,
): Promise<{ readonly key: string; readonly versionId: string }> {
  if (!(await store.putOnce(PROBE_KEY, BODY, until))) {
    const existing = await store.get(PROBE_KEY, BODY.length);
    if (existing) return { key: PROBE_KEY, versionId: existing.versionId };
  }
  // New, or hidden by a delete marker: some servers then refuse the key for ever.
  const hidden = (await store.get(PROBE_KEY, BODY.length)) === undefined;
  const key = hidden ? `${PROBE_KEY}-${randomUUID()}` : PROBE_KEY;
  if (hidden) await store.putOnce(key, BODY, until);
  if (await store.putOnce(key, BODY, until)) throw withoutConditions('If-None-Match', bucket.where(key));
  const stored = await store.get(key, BODY.length);
  if (stored) return { key, versionId: stored.versionId };
  throw new SnapshotError('STORAGE_FAILED', `storage does not return what it stored ${bucket.where(key)}`);
}

async function refuseIgnoredMatch(
  store: ObjectStore,
  bucket: BucketClient,
  key: string,
  until: Date,
): Promise<void> {
  if (await store.replace(key, BODY, until, OTHER_ETAG))
    throw withoutConditions('If-Match', bucket.where(key));
}

async function requireLock(
  store: ObjectStore,
  bucket: BucketClient,
  key: string,
  versionId: string,
): Promise<ObjectLock> {
  const lock = await store.readLock(key, versionId);
  if (lock?.mode === 'COMPLIANCE') return lock;
  const found = lock ? `in ${lock.mode} mode` : 'without its lock';
  throw withoutLock(`stored a locked object ${found}`, bucket.where(key, versionId));
}

/** Always later than the present lock, so that storage cannot leave out the change. */
async function extendProbe(
  store: ObjectStore,
  bucket: BucketClient,
  key: string,
  versionId: string,
  until: Date,
): Promise<void> {
  const isExtended = async () => {
    const lock = await store.readLock(key, versionId);
    // Storage keeps whole seconds.
    return lock !== undefined && lock.until.getTime() >= Math.floor(until.getTime() / 1000) * 1000;
  };
  try {
    await store.extendLock(key, versionId, until);
  } catch (error) {
    // Another worker may have extended the lock further in this moment.
    if (await isExtended()) return;
    throw error;
  }
  if (!(await isExtended()))
    throw withoutLock('accepted a longer lock and did not store it', bucket.where(key, versionId));
}

function withoutConditions(header: string, where: string): SnapshotError {
  const message = `storage ignores ${header}, so two writers could replace evidence; use another storage ${where}`;
  return new SnapshotError('BUCKET_WITHOUT_CONDITIONS', message);
}

function withoutLock(what: string, where: string): SnapshotError {
  return new SnapshotError('BUCKET_WITHOUT_LOCK', `storage ${what}; do not seal into it ${where}`);
}
