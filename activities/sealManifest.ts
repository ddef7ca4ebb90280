import type { SealedManifest, SnapshotRef } from '../src/contract/activities';
import { manifestKey } from '../src/evidence/objectKeys';
import { serializeManifest } from '../src/evidence/manifest';
import { sha256Hex } from '../src/tlog/sha256';
import { buildManifest } from '../src/sealing/buildManifest';
import type { SealingDeps } from '../src/sealing/deps';
import { withHeartbeat } from '../src/temporal/heartbeat';
import { putIdempotent } from '../src/sealing/putIdempotent';
import { findOpened } from '../src/sealing/snapshotRows';

/**
 * Fixes the chunk list and stores the manifest. The list is fixed in the database first: from then on no attempt adds
 * a chunk, so a manifest that was stored but not acknowledged is made again with the same bytes.
 */
export function sealManifest(
  deps: SealingDeps,
  { snapshotId, chunkCount }: SnapshotRef & { readonly chunkCount: number },
): Promise<SealedManifest> {
  return withHeartbeat(async () => {
    const fixed = await deps.snapshots.fixChunkCount(snapshotId, chunkCount);
    const row = await findOpened(deps, snapshotId);
    const manifest = await buildManifest(deps, row, await deps.snapshots.listChunks(snapshotId, fixed));
    const body = serializeManifest(manifest);
    const versionId = await putIdempotent(deps, manifestKey(snapshotId), body);
    const findingCount = Object.values(manifest.findings.counts).reduce((sum, count) => sum + count, 0);
    const { recordCount } = manifest;
    const sha256 = sha256Hex(body);
    const sizeBytes = body.length;
    await deps.snapshots.setManifest(snapshotId, { versionId, sha256, sizeBytes, recordCount, findingCount });
    return { recordCount, chunkCount: fixed, findingCount, manifestSha256: sha256 };
  });
}
