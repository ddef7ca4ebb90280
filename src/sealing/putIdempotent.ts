import { SnapshotError } from '../errors';
import type { SealingDeps } from './deps';

/**
 * Stores `body` under a key that may hold it already from an attempt whose answer was lost; returns the version id.
 * Other bytes under the key are never ours: SNAPSHOT_CONFLICT.
 */
export async function putIdempotent(deps: SealingDeps, key: string, body: Buffer): Promise<string> {
  const holdUntil = new Date(deps.clock.nowMs() + deps.settings.holdMs);
  const put = await deps.store.putOnce(key, body, holdUntil);
  if (put) return put.versionId;
  const stored = await deps.store.get(key, body.length);
  if (stored?.body.equals(body)) return stored.versionId;
  const message = `storage holds something else than this snapshot makes [key=${key}]; it is kept, and nothing was signed over it`;
  throw new SnapshotError('SNAPSHOT_CONFLICT', message);
}
