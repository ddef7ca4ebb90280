import { randomUUID } from 'node:crypto';
import type { StorageConfig } from '../config';
import { messageOf } from '../errors';
import { storageClient } from './connection';
import { s3Code } from './errors';
import { connectObjectStore } from './minioObjectStore';

/** One guarantee that storage must give; `kept` is false when it did what it must reject. */
export interface ProbeResult {
  readonly promise: string;
  readonly kept: boolean;
  readonly found: string;
}

/** The probe object cannot be deleted for this long. */
const LOCK_MS = 60_000;
const RACERS = 20;
const MAX_PROBE_BYTES = 1024;

/**
 * Proves on a small object that the bucket really locks: the server must reject deleting a version, shortening its retention
 * and weakening its mode, and of twenty writers that create one key, or replace one version, exactly one must win.
 */
export async function probeLock(config: StorageConfig, nowMs: number): Promise<readonly ProbeResult[]> {
  const store = connectObjectStore(config);
  const key = `doctor/${randomUUID()}`;
  const until = new Date(nowMs + LOCK_MS);

  const created = await race((racer) => store.putOnce(key, Buffer.from(`racer ${racer}`), until));
  const results = [oneWinner('of twenty that write one key at once, one wins', created)];
  const [winner] = created;
  if (!winner) return results;
  const { versionId } = winner;

  results.push(...(await attack(config, key, versionId, nowMs)));
  const stored = await store.get(key, MAX_PROBE_BYTES, versionId);
  const lock = await store.readLock(key, versionId);
  results.push({
    promise: 'after that it exists, and is locked',
    kept: stored !== undefined && lock?.mode === 'COMPLIANCE',
    found: lock?.mode ?? 'no lock',
  });
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

/** Tries to break the lock of a version, with the permission to bypass GOVERNANCE mode. */
async function attack(
  config: StorageConfig,
  key: string,
  versionId: string,
  nowMs: number,
): Promise<ProbeResult[]> {
  const { bucket } = config;
  const client = storageClient(config);
  const retention = (mode: string, atMs: number) =>
    client.putObjectRetention(bucket, key, {
      mode,
      retainUntilDate: new Date(atMs).toISOString(),
      versionId,
      governanceBypass: true,
    } as never);
  return [
    await mustReject('a locked version is not deleted', () =>
      client.removeObject(bucket, key, { versionId, governanceBypass: true }),
    ),
    await mustReject('its retention is not shortened', () => retention('COMPLIANCE', nowMs + LOCK_MS / 2)),
    await mustReject('its mode is not weakened', () => retention('GOVERNANCE', nowMs + LOCK_MS)),
  ];
}

function oneWinner(promise: string, winners: readonly unknown[]): ProbeResult {
  return { promise, kept: winners.length === 1, found: `${winners.length} won` };
}

async function mustReject(promise: string, attempt: () => Promise<unknown>): Promise<ProbeResult> {
  try {
    await attempt();
    return { promise, kept: false, found: 'storage did it' };
  } catch (error) {
    const code = s3Code(error);
    return { promise, kept: code !== '', found: code === '' ? messageOf(error) : `rejected: ${code}` };
  }
}
