import { MAX_BUNDLE_BYTES, MAX_TILE_BYTES, levelsOf, tilePath, tilesOfLevel } from '../tlog/tiles';
import {
  MAX_CHECKPOINT_BYTES,
  MAX_CHUNK_BYTES,
  MAX_MANIFEST_BYTES,
  MAX_SIGNATURE_BYTES,
  MAX_TIMESTAMP_BYTES,
} from './limits';

/** Key of a chunk: `snapshots/<snapshotId>/chunks/000000.bson.gz`. */
export function chunkKey(snapshotId: string, index: number): string {
  return `snapshots/${snapshotId}/chunks/${String(index).padStart(6, '0')}.bson.gz`;
}

/** Key of the manifest of a snapshot. */
export function manifestKey(snapshotId: string): string {
  return `snapshots/${snapshotId}/manifest.json`;
}

/** Key of the signature over the manifest, base64 of 64 bytes. */
export function manifestSignatureKey(snapshotId: string): string {
  return `${manifestKey(snapshotId)}.sig`;
}

/** Key of the RFC 3161 response over the manifest, which exists only where a timestamp authority was asked. */
export function manifestTimestampKey(snapshotId: string): string {
  return `${manifestKey(snapshotId)}.tsr`;
}

/** Key of the signed tree head over the records of a snapshot. */
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

/** Key of a tile, or of an entry bundle, of the ledger. */
export function ledgerTileKey(level: number | 'entries', index: number, width: number): string {
  return ledgerKey(tilePath(level, index, width));
}

/** One object of a snapshot. */
export interface SnapshotObject {
  readonly kind: 'chunk' | 'manifest' | 'signature' | 'checkpoint' | 'timestamp';
  readonly key: string;
  /** Of a chunk, the version that its manifest names. The other objects are written once: their first version counts. */
  readonly versionId: string | undefined;
  readonly maxBytes: number;
}

/**
 * Every object of a snapshot, chunks first; `chunks` are those of its manifest. All of them exist, except the timestamp
 * where no authority was asked.
 */
export function objectsOfSnapshot(
  snapshotId: string,
  chunks: readonly { readonly key: string; readonly versionId: string }[],
): readonly SnapshotObject[] {
  const single = (kind: SnapshotObject['kind'], key: string, maxBytes: number): SnapshotObject => ({
    kind,
    key,
    versionId: undefined,
    maxBytes,
  });
  return [
    ...chunks.map(({ key, versionId }) => ({
      kind: 'chunk' as const,
      key,
      versionId,
      maxBytes: MAX_CHUNK_BYTES,
    })),
    single('manifest', manifestKey(snapshotId), MAX_MANIFEST_BYTES),
    single('signature', manifestSignatureKey(snapshotId), MAX_SIGNATURE_BYTES),
    single('checkpoint', snapshotCheckpointKey(snapshotId), MAX_CHECKPOINT_BYTES),
    single('timestamp', manifestTimestampKey(snapshotId), MAX_TIMESTAMP_BYTES),
  ];
}

/** One object of the ledger. */
export interface LedgerObject {
  readonly key: string;
  readonly maxBytes: number;
}

/** Every object of the ledger of `size` entries: bundles, tiles from the leaves up, then the checkpoint over them. */
export function* objectsOfLedger(size: number): Generator<LedgerObject> {
  for (const { index, width } of tilesOfLevel(size, 0))
    yield { key: ledgerTileKey('entries', index, width), maxBytes: MAX_BUNDLE_BYTES };
  for (let level = 0; level < levelsOf(size); level++)
    for (const { index, width } of tilesOfLevel(size, level))
      yield { key: ledgerTileKey(level, index, width), maxBytes: MAX_TILE_BYTES };
  yield { key: LEDGER_CHECKPOINT_KEY, maxBytes: MAX_CHECKPOINT_BYTES };
}
