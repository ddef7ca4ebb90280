import { objectsOfSnapshot, type SnapshotObject } from '../evidence/objectKeys';
import type { AssetObject } from '../ports/assetRegistry';
import type { SealingDeps } from './deps';
import type { SignedRow } from './snapshotRows';

/** A base64 Ed25519 signature. */
const SIGNATURE_BYTES = 88;

type Version = Omit<AssetObject, 'key'>;

/** Every object of a signed snapshot with the version and size that its rows have, chunks first. */
export async function listObjects(
  deps: Pick<SealingDeps, 'snapshots'>,
  row: SignedRow,
): Promise<readonly AssetObject[]> {
  const { snapshotId, manifest, signature, chunkCount } = row;
  const rows = await deps.snapshots.listChunks(snapshotId, chunkCount);
  const chunks = rows.map(({ chunk: { key, versionId, sizeBytes } }) => ({ key, versionId, sizeBytes }));
  const versions: Readonly<Partial<Record<SnapshotObject['kind'], Version | null>>> = {
    manifest: { versionId: manifest.versionId, sizeBytes: manifest.sizeBytes },
    signature: { versionId: signature.signatureVersionId, sizeBytes: SIGNATURE_BYTES },
    checkpoint: { versionId: signature.checkpointVersionId, sizeBytes: signature.checkpointBytes },
    timestamp: signature.timestamp,
  };
  const singles = objectsOfSnapshot(snapshotId, []).flatMap(({ kind, key }) => {
    const version = versions[kind];
    return version ? [{ key, versionId: version.versionId, sizeBytes: version.sizeBytes }] : [];
  });
  return [...chunks, ...singles];
}
