import { NO_ASSET } from '../src/contract/names';
import type { RegisteredAsset, SnapshotRef } from '../src/contract/activities';
import type { AssetObject } from '../src/ports/assetRegistry';
import type { SealingDeps } from '../src/sealing/deps';
import { listObjects } from '../src/sealing/snapshotObjects';
import { findSigned, type SignedRow } from '../src/sealing/snapshotRows';
import { withHeartbeat } from '../src/temporal/heartbeat';

/** Objects whose lock is extended at the same time. */
const CONCURRENCY = 8;

/**
 * Extends the lock of every object to the full retention, then registers the objects as one asset; a window without
 * records gets the retention but no asset. Locks come first, so an asset never names objects that may still expire.
 */
export function registerAsset(deps: SealingDeps, { snapshotId }: SnapshotRef): Promise<RegisteredAsset> {
  return withHeartbeat(async (signal, reportProgress) => {
    const row = await findSigned(deps, snapshotId);
    const objects = await listObjects(deps, row);
    const waiting = [...objects];
    const extendLocks = async (): Promise<void> => {
      for (let object = waiting.shift(); object !== undefined; object = waiting.shift()) {
        signal.throwIfAborted();
        await deps.store.extendLock(object.key, object.versionId, new Date(row.retainUntil));
        reportProgress({ locked: objects.length - waiting.length });
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, extendLocks));

    const snapshotAssetId = await register(deps, row, objects);
    await deps.snapshots.setAsset(snapshotId, snapshotAssetId);
    return { snapshotAssetId };
  });
}

async function register(
  { assets }: SealingDeps,
  { snapshotId, manifest, signature, retainUntil }: SignedRow,
  objects: readonly AssetObject[],
): Promise<string> {
  if (manifest.recordCount === 0) return NO_ASSET;
  const { signature: signedHash } = signature;
  const asset = await assets.registerAsset({ snapshotId, objects, signedHash, retainUntil });
  return asset.snapshotAssetId;
}
