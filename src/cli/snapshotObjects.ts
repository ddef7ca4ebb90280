import { SnapshotError } from '../errors';
import { MAX_MANIFEST_BYTES } from '../evidence/limits';
import { parseManifest } from '../evidence/manifest';
import { manifestKey, objectsOfSnapshot, type SnapshotObject } from '../evidence/objectKeys';
import type { ObjectStore } from '../ports/objectStore';

/** One version of an object in the bucket. */
export interface ObjectVersion {
  readonly key: string;
  readonly versionId: string;
}

/**
 * The objects of a snapshot at the versions that are evidence: of a chunk the one that its manifest names, of the others
 * the newest. SNAPSHOT_NOT_FOUND without a manifest.
 */
export async function listSnapshotObjects(
  store: ObjectStore,
  snapshotId: string,
): Promise<readonly ObjectVersion[]> {
  const key = manifestKey(snapshotId);
  const manifest = await store.get(key, MAX_MANIFEST_BYTES);
  if (!manifest) throw new SnapshotError('SNAPSHOT_NOT_FOUND', `no manifest in the bucket [key=${key}]`);
  const objects = objectsOfSnapshot(snapshotId, parseManifest(manifest.body).chunks);
  const versions = await Promise.all(objects.map((object) => findVersion(store, object)));
  return versions.filter((version) => version !== undefined);
}

async function findVersion(
  store: ObjectStore,
  { key, versionId, maxBytes }: SnapshotObject,
): Promise<ObjectVersion | undefined> {
  if (versionId !== undefined) return { key, versionId };
  const stored = await store.get(key, maxBytes);
  return stored && { key, versionId: stored.versionId };
}
