export interface AssetObject {
  readonly key: string;
  readonly versionId: string;
  readonly sizeBytes: number;
}

export interface AssetRegistration {
  readonly snapshotId: string;
  readonly objects: readonly AssetObject[];
  readonly signedHash: string;
  readonly retainUntil: string;
}

/** Registers stored objects as one asset; the same snapshot always gets the same asset id. */
export interface AssetRegistry {
  registerAsset(registration: AssetRegistration): Promise<{ snapshotAssetId: string }>;
}
