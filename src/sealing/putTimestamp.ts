import { manifestTimestampKey } from '../evidence/objectKeys';
import { MAX_TIMESTAMP_BYTES } from '../evidence/limits';
import { readTimestamp } from '../evidence/timestamp';
import { SnapshotError } from '../errors';
import type { SignatureRef } from '../ports/snapshotRepository';
import type { SealingDeps } from './deps';
import type { ManifestedRow } from './snapshotRows';

/**
 * Stores a timestamp over the manifest, where an authority is asked. Each answer of it differs, so the first that was
 * stored counts: a later attempt adopts it.
 */
export async function putTimestamp(
  deps: SealingDeps,
  row: ManifestedRow,
): Promise<SignatureRef['timestamp']> {
  if (!deps.timestamper) return null;
  const key = manifestTimestampKey(row.snapshotId);
  const digest = Buffer.from(row.manifest.sha256, 'hex');
  const known = await deps.store.get(key, MAX_TIMESTAMP_BYTES);
  if (!known) {
    const response = await deps.timestamper.timestamp(digest);
    const holdUntil = new Date(deps.clock.nowMs() + deps.settings.holdMs);
    const put = await deps.store.putOnce(key, response, holdUntil);
    if (put) return { versionId: put.versionId, sizeBytes: response.length };
  }
  const stored = known ?? (await deps.store.get(key, MAX_TIMESTAMP_BYTES));
  if (stored && readTimestamp(stored.body, digest) === 'granted')
    return { versionId: stored.versionId, sizeBytes: stored.body.length };
  throw new SnapshotError(
    'SNAPSHOT_CONFLICT',
    `storage holds something else than a timestamp of this manifest [key=${key}]`,
  );
}
