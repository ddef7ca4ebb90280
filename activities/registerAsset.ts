import { NO_ASSET } from '../src/contract/names';
import type { RegisteredAsset, SnapshotRef } from '../src/contract/activities';
import type { AssetObject } from '../src/ports/assetRegistry';
import type { SealingDeps } from '../src/sealing/deps';
import { withHeartbeat } from '../src/temporal/heartbeat';
import { listObjects } from '../src/sealing/snapshotObjects';
import { findSigned } from '../src/sealing/snapshotRows';

/** Objects whose lock is extended at once. */
const CONCURRENCY = 8;

/**
 * Extends the lock of every object to the full retention and registers them as one asset; a window without records
 * gets the retention but no asset. The lock comes first: an asset id never stands for objects that may still expire.
 */
export function registerAsset(deps: SealingDeps, { snapshotId }: SnapshotRef): Promise<RegisteredAsset> {
  return withHeartbeat(async (signal, note) => {
    const row = await findSigned(deps, snapshotId);
    const objects = await listObjects(deps, row);
    const until = new Date(row.retainUntil);
    const waiting = [...objects];
    const lane = async (): Promise<void> => {
      for (let object = waiting.shift(); object !== undefined; object = waiting.shift()) {
        signal.throwIfAborted();
        await deps.store.extendLock(object.key, object.versionId, until);
        note({ locked: objects.length - waiting.length });
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, lane));
    const snapshotAssetId = row.manifest.recordCount === 0 ? NO_ASSET : await register(objects);
    await deps.snapshots.setAsset(snapshotId, snapshotAssetId);
    return { snapshotAssetId };

    async function register(list: readonly AssetObject[]): Promise<string> {
      const { signature } = row.signature;
      const { retainUntil } = row;
      const asset = await deps.assets.registerAsset({
        snapshotId,
        objects: list,
        signedHash: signature,
        retainUntil,
      });
      return asset.snapshotAssetId;
    }
  });
}
