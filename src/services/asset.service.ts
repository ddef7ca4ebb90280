import type { Connection, Model } from 'mongoose';
import { isDuplicateKey, onDatabase, toDatabaseError } from '../mongo/errors';
import { SnapshotError } from '../errors';
import { assetModel, type IAsset } from '../models/asset.model';
import type { AssetRegistration, AssetRegistry } from '../ports/assetRegistry';
import { deepEqualJson } from '../sealing/deepEqualJson';

/** Registers stored objects as assets for long-term keeping. */
export class AssetService implements AssetRegistry {
  readonly #assets: Model<IAsset>;

  constructor(connection: Connection) {
    this.#assets = assetModel(connection);
  }

  /** The asset of a snapshot, registered once. SNAPSHOT_CONFLICT when it stands for other objects already. */
  async registerAsset(registration: AssetRegistration): Promise<{ snapshotAssetId: string }> {
    const { snapshotId, objects, signedHash } = registration;
    try {
      const created = await this.#assets.create({
        ...registration,
        kind: 'audit_snapshot',
        createdAt: new Date(),
      });
      return { snapshotAssetId: created._id.toHexString() };
    } catch (error) {
      if (!isDuplicateKey(error)) throw toDatabaseError(`asset of ${snapshotId}`, error);
    }
    const known = await onDatabase(`asset of ${snapshotId}`, () =>
      this.#assets.findOne({ snapshotId }).lean(),
    );
    if (known?.signedHash === signedHash && deepEqualJson(known.objects, objects)) {
      return { snapshotAssetId: known._id.toHexString() };
    }
    throw new SnapshotError('SNAPSHOT_CONFLICT', `the asset of ${snapshotId} stands for other objects`);
  }
}
