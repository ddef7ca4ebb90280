import { ObjectId } from 'bson';
import { SnapshotError } from '../../../src/errors';
import type { AssetRegistration, AssetRegistry } from '../../../src/ports/assetRegistry';
import { deepEqualJson } from '../../../src/sealing/deepEqualJson';
import { FaultPlan } from './faults';

/** Assets in memory, one for each snapshot. */
export class FakeAssetRegistry implements AssetRegistry {
  readonly faults = new FaultPlan<keyof AssetRegistry>('DATABASE_UNREACHABLE');
  readonly assets = new Map<string, AssetRegistration & { readonly snapshotAssetId: string }>();

  registerAsset(registration: AssetRegistration, knownId?: string): Promise<{ snapshotAssetId: string }> {
    return this.faults.run('registerAsset', () => {
      const { snapshotId, objects, signedHash } = registration;
      const known = this.assets.get(snapshotId);
      if (known && (known.signedHash !== signedHash || !deepEqualJson(known.objects, objects))) {
        throw new SnapshotError('SNAPSHOT_CONFLICT', `the asset of ${snapshotId} has other objects`);
      }
      const snapshotAssetId = known?.snapshotAssetId ?? knownId ?? new ObjectId().toHexString();
      if (!known) this.assets.set(snapshotId, structuredClone({ ...registration, snapshotAssetId }));
      return { snapshotAssetId };
    });
  }
}
