import { SnapshotError } from '../errors';
import type { ManifestRef, SignatureRef, SnapshotRow } from '../ports/snapshotRepository';
import type { SealingDeps } from './deps';
import { requireOwnOrigin } from './ownOrigin';
import { requireSameSource } from './ownSource';

export type ManifestedRow = SnapshotRow & { readonly manifest: ManifestRef; readonly chunkCount: number };
export type SignedRow = ManifestedRow & { readonly signature: SignatureRef };

/** The row of an opened snapshot; SNAPSHOT_NOT_FOUND otherwise, ORIGIN_MISMATCH or SOURCE_MISMATCH when it is of another log. */
export async function findOpened(deps: SealingDeps, snapshotId: string): Promise<SnapshotRow> {
  const row = await deps.snapshots.find(snapshotId);
  if (row) {
    requireOwnOrigin(row, deps.settings);
    requireSameSource(row, deps.settings.source);
    return row;
  }
  throw new SnapshotError(
    'SNAPSHOT_NOT_FOUND',
    `snapshot ${snapshotId} was never opened [origin=${deps.settings.origin}]`,
  );
}

/** The row of a snapshot whose manifest is stored; SNAPSHOT_CONFLICT otherwise. */
export async function findManifested(deps: SealingDeps, snapshotId: string): Promise<ManifestedRow> {
  const row = await findOpened(deps, snapshotId);
  const { manifest, chunkCount } = row;
  if (manifest !== null && chunkCount !== null) return { ...row, manifest, chunkCount };
  throw new SnapshotError(
    'SNAPSHOT_CONFLICT',
    `snapshot ${snapshotId} has no manifest yet: its steps ran out of order; run the job again`,
  );
}

/** The row of a signed snapshot; SNAPSHOT_CONFLICT otherwise. */
export async function findSigned(deps: SealingDeps, snapshotId: string): Promise<SignedRow> {
  const row = await findManifested(deps, snapshotId);
  const { signature } = row;
  if (signature !== null) return { ...row, signature };
  throw new SnapshotError(
    'SNAPSHOT_CONFLICT',
    `snapshot ${snapshotId} is not signed yet: its steps ran out of order; run the job again`,
  );
}
