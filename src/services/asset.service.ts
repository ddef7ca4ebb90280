import { mongo, type Connection, type Model } from 'mongoose';
import { SnapshotError } from '../errors';
import { assetModel, type IAsset } from '../models/asset.model';
import { isDuplicateKey, onDatabase, toDatabaseError } from '../mongo/errors';
import type { AssetRegistration, AssetRegistry } from '../ports/assetRegistry';
import { deepEqualJson } from '../sealing/deepEqualJson';

/** Registers stored objects as assets, which are kept until their retention ends. */
export class AssetService implements AssetRegistry {
  readonly #assets: Model<IAsset>;

  /** Works on a connection of `connectDatabase`, which its owner closes. */
  constructor(connection: Connection) {
    this.#assets = assetModel(connection);
  }

  /**
   * Registers the objects of a snapshot as one asset and returns its id; repeating it returns the same id.
   * SNAPSHOT_CONFLICT when the snapshot is already registered with other objects. `knownId` is the id of an asset that the
   * database lost. DATABASE_*.
   *
   * @example
   * ```ts
   * const assets = new AssetService(await connectDatabase(uri));
   * const { snapshotAssetId } = await assets.registerAsset({
   *   snapshotId: 'snap-day-2026-01-31',
   *   objects: [{ key: 'snapshots/snap-day-2026-01-31/manifest.json', versionId: 'v1', sizeBytes: 2048 }],
   *   signedHash,
   *   retainUntil: '2032-01-31T00:00:00.000Z',
   * });
   * ```
   */
  async registerAsset(
    registration: AssetRegistration,
    knownId?: string,
  ): Promise<{ snapshotAssetId: string }> {
    const { snapshotId, objects, signedHash } = registration;
    try {
      const created = await this.#assets.create({
        ...registration,
        ...(knownId === undefined ? {} : { _id: new mongo.ObjectId(knownId) }),
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
    throw new SnapshotError(
      'SNAPSHOT_CONFLICT',
      `the asset of ${snapshotId} is already registered with other objects`,
    );
  }
}
