import { SnapshotError } from '../errors';
import { MAX_MANIFEST_BYTES, parseManifest } from '../evidence/manifest';
import {
  manifestKey,
  manifestSignatureKey,
  manifestTimestampKey,
  snapshotCheckpointKey,
} from '../evidence/objectKeys';
import type { ObjectStore } from '../ports/objectStore';

/** One version of an object in the bucket. */
export interface ObjectVersion {
  readonly key: string;
  readonly versionId: string;
}

const MAX_SIGNATURE_BYTES = 1 << 16;

/**
 * The objects of a snapshot at the versions that are evidence: of a chunk the one that its manifest names, of the others
 * the first that was written. SNAPSHOT_NOT_FOUND without a manifest.
 */
export async function listSnapshotObjects(
  store: ObjectStore,
  snapshotId: string,
): Promise<readonly ObjectVersion[]> {
  const key = manifestKey(snapshotId);
  const manifest = await store.get(key, MAX_MANIFEST_BYTES);
  if (!manifest) throw new SnapshotError('SNAPSHOT_NOT_FOUND', `no manifest in the bucket [key=${key}]`);
  const signatures = await Promise.all(
    [manifestSignatureKey, snapshotCheckpointKey, manifestTimestampKey].map((keyOf) =>
      findVersion(store, keyOf(snapshotId)),
    ),
  );
  return [
    ...parseManifest(manifest.body).chunks.map((chunk) => ({ key: chunk.key, versionId: chunk.versionId })),
    { key, versionId: manifest.versionId },
    ...signatures.filter((version) => version !== undefined),
  ];
}

async function findVersion(store: ObjectStore, key: string): Promise<ObjectVersion | undefined> {
  const stored = await store.get(key, MAX_SIGNATURE_BYTES);
  return stored && { key, versionId: stored.versionId };
}
