import { manifestTimestampKey } from '../evidence/objectKeys';
import { MAX_TIMESTAMP_BYTES } from '../evidence/limits';
import { readTimestamp } from '../evidence/timestamp';
import { SnapshotError } from '../errors';
import type { SignatureRef } from '../ports/snapshotRepository';
import type { Timestamper } from '../ports/timestamper';
import { holdUntil, type SealingDeps } from './deps';
import type { ManifestedRow } from './snapshotRows';

/**
 * Stores a timestamp over the manifest if the manifest says that it has one; otherwise null. Each response of an authority
 * differs, so the first stored one counts and later attempts adopt it. TIMESTAMP_FAILED, SNAPSHOT_CONFLICT.
 */
export async function putTimestamp(
  deps: SealingDeps,
  row: ManifestedRow,
): Promise<SignatureRef['timestamp']> {
  if (row.timestamp === 'none') return null;
  const key = manifestTimestampKey(row.snapshotId);
  const digest = Buffer.from(row.manifest.sha256, 'hex');
  const known = await deps.store.get(key, MAX_TIMESTAMP_BYTES);
  if (!known) {
    const response = await timestamperOf(deps, row).timestamp(digest);
    const put = await deps.store.putOnce(key, response, holdUntil(deps));
    if (put) return { versionId: put.versionId, sizeBytes: response.length };
  }
  const stored = known ?? (await deps.store.get(key, MAX_TIMESTAMP_BYTES));
  if (stored && readTimestamp(stored.body, digest) === 'granted')
    return { versionId: stored.versionId, sizeBytes: stored.body.length };
  throw new SnapshotError(
    'SNAPSHOT_CONFLICT',
    `the object under the key of the timestamp is not a timestamp of this manifest [key=${key}]`,
  );
}

/** The authority may have been removed from the settings since the snapshot was opened. */
function timestamperOf({ timestamper }: SealingDeps, { snapshotId }: ManifestedRow): Timestamper {
  if (timestamper) return timestamper;
  const message = `the manifest of ${snapshotId} requires a timestamp, and no timestamp authority is configured; configure it again, then run the job again`;
  throw new SnapshotError('TIMESTAMP_FAILED', message);
}
