import { SnapshotError } from '../errors';
import { MAX_CHECKPOINT_BYTES, MAX_SIGNATURE_BYTES, MAX_TIMESTAMP_BYTES } from '../evidence/limits';
import type { Manifest } from '../evidence/manifest';
import { manifestSignatureKey, manifestTimestampKey, snapshotCheckpointKey } from '../evidence/objectKeys';
import type { ObjectStore, StoredVersion } from '../ports/objectStore';
import type { SignatureRef } from '../ports/snapshotRepository';

/** What the row of a signed snapshot says about signature, checkpoint and timestamp. STORAGE_*. */
export async function readSignedObjects(
  store: ObjectStore,
  { snapshotId, timestamp: kind }: Pick<Manifest, 'snapshotId' | 'timestamp'>,
): Promise<SignatureRef> {
  const signature = await read(store, manifestSignatureKey(snapshotId), MAX_SIGNATURE_BYTES);
  const checkpoint = await read(store, snapshotCheckpointKey(snapshotId), MAX_CHECKPOINT_BYTES);
  const timestamp =
    kind === 'none' ? null : await read(store, manifestTimestampKey(snapshotId), MAX_TIMESTAMP_BYTES);
  return {
    signature: signature.body.toString('latin1'),
    signatureVersionId: signature.versionId,
    checkpointVersionId: checkpoint.versionId,
    checkpointBytes: checkpoint.body.length,
    timestamp: timestamp && { versionId: timestamp.versionId, sizeBytes: timestamp.body.length },
  };
}

async function read(store: ObjectStore, key: string, maxBytes: number): Promise<StoredVersion> {
  const stored = await store.get(key, maxBytes);
  if (stored) return stored;
  throw new SnapshotError(
    'STORAGE_NOT_FOUND',
    `an object of a sealed snapshot is gone from storage [key=${key}]`,
  );
}
