import { SnapshotError } from '../errors';
import { holdUntil, type SealingDeps } from './deps';

/**
 * Stores `body` under a key that may already hold it, from an attempt whose response was lost; returns the version id.
 * SNAPSHOT_CONFLICT when the key holds other bytes.
 */
export async function putIdempotent(deps: SealingDeps, key: string, body: Buffer): Promise<string> {
  const put = await deps.store.putOnce(key, body, holdUntil(deps));
  if (put) return put.versionId;
  const stored = await deps.store.get(key, body.length);
  if (stored?.body.equals(body)) return stored.versionId;
  const message = `storage holds other bytes than this snapshot has [key=${key}]; they stay, and nothing was signed over them`;
  throw new SnapshotError('SNAPSHOT_CONFLICT', message);
}
