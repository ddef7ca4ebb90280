import type { SealedManifest, SnapshotRef } from '../src/contract/activities';
import { manifestKey } from '../src/evidence/objectKeys';
import { sha256Hex } from '../src/tlog/sha256';
import { buildManifest, encodeManifest } from '../src/sealing/buildManifest';
import type { SealingDeps } from '../src/sealing/deps';
import { withHeartbeat } from '../src/temporal/heartbeat';
import { putIdempotent } from '../src/sealing/putIdempotent';
import { fixLeftOut } from '../src/sealing/leftOut';
import { findOpened } from '../src/sealing/snapshotRows';

/**
 * Fixes the chunk list and stores the manifest. The list is fixed in the database first, so no later attempt adds a chunk
 * and a manifest that was stored but not acknowledged is built again with the same bytes. Only what every verifier accepts
 * is stored, because from signing on the job can only be finished. SNAPSHOT_CONFLICT, SNAPSHOT_TOO_LARGE.
 */
export function sealManifest(
  deps: SealingDeps,
  { snapshotId, chunkCount }: SnapshotRef & { readonly chunkCount: number },
): Promise<SealedManifest> {
  return withHeartbeat(async () => {
    await fixLeftOut(deps, await findOpened(deps, snapshotId));
    const fixedCount = await deps.snapshots.fixChunkCount(snapshotId, chunkCount);
    const row = await findOpened(deps, snapshotId);
    const manifest = await buildManifest(deps, row, await deps.snapshots.listChunks(snapshotId, fixedCount));
    const body = encodeManifest(manifest);
    const versionId = await putIdempotent(deps, manifestKey(snapshotId), body);
    const findingCount = Object.values(manifest.findings.counts).reduce((sum, count) => sum + count, 0);
    const { recordCount } = manifest;
    const sha256 = sha256Hex(body);
    const sizeBytes = body.length;
    await deps.snapshots.setManifest(snapshotId, { versionId, sha256, sizeBytes, recordCount, findingCount });
    return { recordCount, chunkCount: fixedCount, findingCount, manifestSha256: sha256 };
  });
}
