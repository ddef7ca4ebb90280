import {
  manifestKey,
  manifestSignatureKey,
  manifestTimestampKey,
  snapshotCheckpointKey,
} from '../evidence/objectKeys';
import type { AssetObject } from '../ports/assetRegistry';
import type { SealingDeps } from './deps';
import type { SignedRow } from './snapshotRows';

const SIGNATURE_BYTES = 88;

/** Every object of a signed snapshot, chunks first. */
export async function listObjects(deps: SealingDeps, row: SignedRow): Promise<readonly AssetObject[]> {
  const { snapshotId, manifest, signature, chunkCount } = row;
  const chunks = await deps.snapshots.listChunks(snapshotId, chunkCount);
  return [
    ...chunks.map(({ chunk: { key, versionId, sizeBytes } }) => ({ key, versionId, sizeBytes })),
    { key: manifestKey(snapshotId), versionId: manifest.versionId, sizeBytes: manifest.sizeBytes },
    {
      key: manifestSignatureKey(snapshotId),
      versionId: signature.signatureVersionId,
      sizeBytes: SIGNATURE_BYTES,
    },
    {
      key: snapshotCheckpointKey(snapshotId),
      versionId: signature.checkpointVersionId,
      sizeBytes: signature.checkpointBytes,
    },
    ...(signature.timestamp ? [{ key: manifestTimestampKey(snapshotId), ...signature.timestamp }] : []),
  ];
}
