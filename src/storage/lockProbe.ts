import { randomUUID } from 'node:crypto';
import type { StorageConfig } from '../config';
import { messageOf } from '../errors';
import { connectObjectStore } from './minioObjectStore';
import { s3Code } from './errors';
import { storageClient } from './connection';

/** One promise that storage must keep; `kept` is false when it did what it must refuse. */
export interface ProbeResult {
  readonly promise: string;
  readonly kept: boolean;
  readonly found: string;
}

/** What is written for the probe cannot be deleted for this long; then nothing holds it. */
const LOCK_MS = 60_000;
const RACERS = 20;

/**
 * Proves on a small object that the bucket really locks: deleting a version, shortening its retention and weakening its
 * mode must be refused by the server, and of twenty that write one key, or replace one version, one must win.
 */
export async function probeLock(config: StorageConfig, nowMs: number): Promise<readonly ProbeResult[]> {
  const store = connectObjectStore(config);
  const client = storageClient(config);
  const { bucket } = config;
  const key = `doctor/${randomUUID()}`;
  const until = new Date(nowMs + LOCK_MS);
  const puts = await Promise.all(
    Array.from({ length: RACERS }, (_, racer) => store.putOnce(key, Buffer.from(`racer ${racer}`), until)),
  );
  const winners = puts.filter((put) => put !== undefined);
  const results = [oneOf('of twenty that write one key at once, one wins', winners.length)];
  const [winner] = winners;
  if (!winner) return results;
  const { versionId } = winner;
  const retention = (mode: string, atMs: number) =>
    client.putObjectRetention(bucket, key, {
      mode,
      retainUntilDate: new Date(atMs).toISOString(),
      versionId,
      governanceBypass: true,
    } as never);
  results.push(
    await refused('a locked version is not deleted', () =>
      client.removeObject(bucket, key, { versionId, governanceBypass: true }),
    ),
    await refused('its retention is not shortened', () => retention('COMPLIANCE', nowMs + LOCK_MS / 2)),
    await refused('its mode is not weakened', () => retention('GOVERNANCE', nowMs + LOCK_MS)),
  );
  const stored = await store.get(key, 1024, versionId);
  const lock = await store.readLock(key, versionId);
  const unchanged = stored !== undefined && lock?.mode === 'COMPLIANCE';
  results.push({
    promise: 'after that it is there, and locked',
    kept: unchanged,
    found: lock?.mode ?? 'no lock',
  });
  if (!stored) return results;
  const replaced = await Promise.all(
    Array.from({ length: RACERS }, (_, racer) =>
      store.replace(key, Buffer.from(`again ${racer}`), until, stored.etag),
    ),
  );
  results.push(
    oneOf('of twenty that replace one version, one wins', replaced.filter((put) => put !== undefined).length),
  );
  return results;
}

function oneOf(promise: string, winners: number): ProbeResult {
  return { promise, kept: winners === 1, found: `${winners} won` };
}

async function refused(promise: string, attempt: () => Promise<unknown>): Promise<ProbeResult> {
  try {
    await attempt();
    return { promise, kept: false, found: 'storage did it' };
  } catch (error) {
    const code = s3Code(error);
    return { promise, kept: code !== '', found: code === '' ? messageOf(error) : `refused: ${code}` };
  }
}
