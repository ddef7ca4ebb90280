import { tilePath } from '../tlog/tiles';

/** Key of a chunk: `snapshots/<snapshotId>/chunks/000000.bson.gz`. */
export function chunkKey(snapshotId: string, index: number): string {
  return `snapshots/${snapshotId}/chunks/${String(index).padStart(6, '0')}.bson.gz`;
}

export function manifestKey(snapshotId: string): string {
  return `snapshots/${snapshotId}/manifest.json`;
}

export function manifestSignatureKey(snapshotId: string): string {
  return `${manifestKey(snapshotId)}.sig`;
}

/** RFC 3161 response over the manifest; only where an authority was asked. */
export function manifestTimestampKey(snapshotId: string): string {
  return `${manifestKey(snapshotId)}.tsr`;
}

export function snapshotCheckpointKey(snapshotId: string): string {
  return `snapshots/${snapshotId}/checkpoint`;
}

/** Origin of a snapshot's checkpoint, and the name of its key. */
export function snapshotOrigin(origin: string, snapshotId: string): string {
  return `${origin}/snapshots/${snapshotId}`;
}

/** Key of the signed tree head of the ledger. */
export const LEDGER_CHECKPOINT_KEY = 'ledger/checkpoint';

/** Key of an object of the ledger by its path in the log: `ledger/tile/…`. */
export function ledgerKey(path: string): string {
  return `ledger/${path}`;
}

/** Key of a tile, or of a bundle of entries, of the ledger. */
export function ledgerTileKey(level: number | 'entries', index: number, width: number): string {
  return ledgerKey(tilePath(level, index, width));
}
