export interface AssetObject {
  readonly key: string;
  readonly versionId: string;
  readonly sizeBytes: number;
}

export interface AssetRegistration {
  readonly snapshotId: string;
  readonly objects: readonly AssetObject[];
  /** Base64 signature of the manifest. */
  readonly signedHash: string;
  readonly retainUntil: string;
}

/** Registers stored objects as one asset. Errors: SNAPSHOT_CONFLICT, DATABASE_*. */
export interface AssetRegistry {
  /**
   * The same snapshot always gets the same asset id; SNAPSHOT_CONFLICT when it was registered with other objects. A new
   * asset gets `knownId` if one is given: that of an asset which the database lost.
   */
  registerAsset(registration: AssetRegistration, knownId?: string): Promise<{ snapshotAssetId: string }>;
}
