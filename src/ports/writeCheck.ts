import type { AssetRegistration } from './assetRegistry';

/** What finishing a snapshot will write, as far as it is known before it is signed. */
export interface FinishingWrites {
  readonly snapshotId: string;
  /** Position ids of some records of the snapshot, in order; they will be marked. */
  readonly recordIds: readonly string[];
  /** Null for a window without records: then no asset and no audit entry are written. */
  readonly asset: AssetRegistration | null;
}

/**
 * Tries the writes that finishing a snapshot needs, without an effect that remains. A backend tries each of them on the real
 * collections, so that missing rights, rules about documents and sizes show before anything is signed.
 */
export interface WriteCheck {
  /** DATABASE_*, and SNAPSHOT_TOO_LARGE for an asset that is no document any more. The message names the collection. */
  tryWrites(writes: FinishingWrites): Promise<void>;
}
