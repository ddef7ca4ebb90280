import { randomUUID } from 'node:crypto';
import type { StorageConfig } from '../config';
import type { ObjectStore } from '../ports/objectStore';
import { BucketClient } from './bucketClient';
import { isAccessDenied, isNotImplemented, s3Code, toStorageError } from './errors';
import { putRetention } from './lockRequests';
import { connectObjectStore } from './minioObjectStore';
import { Refusal } from './refusal';
import { RIGHTS } from './rights';

/** One guarantee that storage must give; `kept` is false when it did what it must refuse. */
export interface ProbeResult {
  readonly promise: string;
  readonly kept: boolean;
  readonly found: string;
  /** Why the refusal says nothing about the lock, such as a missing right, and what to do. */
  readonly unproven?: string;
}

/** The probe object cannot be deleted for this long. */
const PROBE_LOCK_MS = 60_000;
const RACERS = 20;
const DID_IT = 'storage did it';
const MAX_PROBE_BYTES = 1024;

/**
 * Proves on a small object that the bucket really locks: the server must refuse to delete a version, to shorten its
 * retention and to weaken its mode, and of twenty writers that create one key, or replace one version, exactly one must
 * win. An unlocked object tells whether a refusal is due to the lock or to missing rights.
 */
export async function probeLock(config: StorageConfig, nowMs: number): Promise<readonly ProbeResult[]> {
  const store = connectObjectStore(config);
  const key = `doctor/${randomUUID()}`;
  const until = new Date(nowMs + PROBE_LOCK_MS);

  const created = await race((racer) => store.putOnce(key, Buffer.from(`racer ${racer}`), until));
  const results = [oneWinner('of twenty that write one key at once, one wins', created)];
  const [winner] = created;
  if (!winner) return results;
  const { versionId } = winner;

  const bucket = new BucketClient(config);
  results.push(await attackDeletion(bucket, key, versionId));
  results.push(...(await attackRetention(bucket, store, { key, versionId, until })));
  const stored = await store.get(key, MAX_PROBE_BYTES, versionId);
  const lock = await store.readLock(key, versionId);
  results.push(stillLocked(stored !== undefined, lock?.mode));
  if (!stored) return results;

  const { etag } = stored;
  const replaced = await race((racer) => store.replace(key, Buffer.from(`again ${racer}`), until, etag));
  return [...results, oneWinner('of twenty that replace one version, one wins', replaced)];
}

/** Runs twenty conditional writes at once and returns those that were stored. */
async function race<T>(write: (racer: number) => Promise<T | undefined>): Promise<T[]> {
  const outcomes = await Promise.all(Array.from({ length: RACERS }, (_, racer) => write(racer)));
  return outcomes.filter((outcome) => outcome !== undefined);
}

/** Tries to delete the locked version. If storage also refuses to delete an unlocked one, the lock is not the reason. */
async function attackDeletion(bucket: BucketClient, key: string, versionId: string): Promise<ProbeResult> {
  const promise = 'a locked version is not deleted';
  const refusal = await refusalOf(() => deleteVersion(bucket, key, versionId));
  if (refusal === undefined) return { promise, kept: false, found: DID_IT };
  if (!isAccessDenied(refusal)) return judgeRefusal(promise, refusal, 'lock');
  const control = await deleteUnlocked(bucket, `${key}-unlocked`);
  return judgeRefusal(promise, refusal, control === 'deleted' ? 'lock' : control);
}

/** Deletes an object that has no lock, and says what prevented it. It stays when it cannot be deleted. */
async function deleteUnlocked(bucket: BucketClient, key: string): Promise<'deleted' | 'rights' | 'default'> {
  const body = Buffer.from('unlocked');
  try {
    const { headers } = await bucket.send({ method: 'PUT', key, headers: { 'if-none-match': '*' }, body });
    const versionId = String(headers['x-amz-version-id']);
    const lock = await bucket.send({
      method: 'HEAD',
      key,
      query: { versionId },
    });
    // The bucket locks every object by default, so no object shows what an unlocked one would.
    if (lock.headers['x-amz-object-lock-mode'] !== undefined) return 'default';
    const refusal = await refusalOf(() => deleteVersion(bucket, key, versionId));
    return refusal === undefined ? 'deleted' : 'rights';
  } catch (error) {
    throw toStorageError(bucket.where(key), error, RIGHTS.WRITE);
  }
}

/** Tries to shorten and to weaken the lock, after an extension showed that the rights to change it are there. */
async function attackRetention(
  bucket: BucketClient,
  store: ObjectStore,
  { key, versionId, until }: { readonly key: string; readonly versionId: string; readonly until: Date },
): Promise<ProbeResult[]> {
  const extended = new Date(until.getTime() + PROBE_LOCK_MS);
  await store.extendLock(key, versionId, extended);
  const attack = async (promise: string, mode: 'COMPLIANCE' | 'GOVERNANCE', at: Date) => {
    const refusal = await refusalOf(() => putRetention(bucket, key, versionId, mode, at, true));
    if (refusal === undefined) return { promise, kept: false, found: DID_IT };
    return judgeRefusal(promise, refusal, 'lock');
  };
  return [
    await attack('its retention is not shortened', 'COMPLIANCE', until),
    await attack('its mode is not weakened', 'GOVERNANCE', extended),
  ];
}

async function deleteVersion(bucket: BucketClient, key: string, versionId: string): Promise<void> {
  await bucket.send({
    method: 'DELETE',
    key,
    query: { versionId },
    headers: { 'x-amz-bypass-governance-retention': 'true' },
  });
}

/** The refusal of storage; undefined when it did what was asked. Other failures are thrown. */
async function refusalOf(attempt: () => Promise<void>): Promise<Refusal | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function judgeRefusal(promise: string, refusal: Refusal, reason: 'lock' | 'rights' | 'default'): ProbeResult {
  const code = s3Code(refusal);
  const unproven = (found: string, advice: string) => ({ promise, kept: true, found, unproven: advice });
  if (isNotImplemented(refusal))
    return unproven(
      `not implemented: ${code}`,
      'this storage does not have the operation, so doctor cannot show that the lock forbids it',
    );
  if (refusal.status >= 500) return unproven(`storage failed: ${code}`, 'run doctor again');
  if (reason === 'rights')
    return unproven(
      `refused by your rights: ${code}`,
      'grant s3:DeleteObjectVersion on doctor/*, so that doctor can test the lock (docs/storage.md)',
    );
  const found = `refused by ${reason === 'lock' ? 'the lock' : 'the lock or your rights'}: ${code}`;
  return { promise, kept: true, found };
}

function stillLocked(exists: boolean, mode: string | undefined): ProbeResult {
  const promise = 'after that it exists, and is locked';
  if (exists && mode === 'COMPLIANCE') return { promise, kept: true, found: mode };
  const found = exists ? (mode ?? 'no lock, or no right to see it (s3:GetObjectRetention)') : 'it is gone';
  return { promise, kept: false, found };
}

function oneWinner(promise: string, winners: readonly unknown[]): ProbeResult {
  return { promise, kept: winners.length === 1, found: `${winners.length} won` };
}
