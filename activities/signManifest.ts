import type { SignedManifest, SnapshotRef } from '../src/contract/activities';
import { parseManifest } from '../src/evidence/manifest';
import { manifestSignatureKey, snapshotCheckpointKey, snapshotOrigin } from '../src/evidence/objectKeys';
import { manifestStatement } from '../src/evidence/statement';
import type { SealingDeps } from '../src/sealing/deps';
import { requireSameOverlaps } from '../src/sealing/lateness';
import { listPublishedOverlaps } from '../src/sealing/publishedOverlaps';
import { tryToFinish } from '../src/sealing/preflight';
import { putIdempotent } from '../src/sealing/putIdempotent';
import { putTimestamp } from '../src/sealing/putTimestamp';
import { readSealedManifest } from '../src/sealing/sealedManifest';
import { signCheckpoint, signVerified } from '../src/sealing/signing';
import { findManifested, type ManifestedRow } from '../src/sealing/snapshotRows';
import { withHeartbeat } from '../src/temporal/heartbeat';

/**
 * Signs the statement about the manifest that storage returns, and the snapshot checkpoint, with the key version that the
 * manifest names.
 * Everything that finishing needs is tried before, and the timestamp is stored, which needs an external service. Then the
 * lease is marked as signing: from then on its holder must finish the snapshot, and a delayed attempt whose
 * window was released ends here with LEASE_LOST.
 */
export function signManifest(deps: SealingDeps, { snapshotId }: SnapshotRef): Promise<SignedManifest> {
  return withHeartbeat(async () => {
    const row = await findManifested(deps, snapshotId);
    const { keyVersion } = row;
    if (row.signature !== null) return { signature: row.signature.signature, keyVersion };

    const lease = await deps.leases.find(snapshotId);
    // Once signing began, the snapshot can only be finished, whatever would be found.
    if (lease?.signing !== true) await tryToFinish(deps, row);
    const timestamp = await putTimestamp(deps, row);
    await deps.leases.beginSigning(snapshotId);
    const body = await readSealedManifest(deps, row);
    await refuseSuperseded(deps, row, body);
    const signed = await putSignature(deps, row);
    const checkpoint = await putCheckpoint(deps, row, body);
    await deps.snapshots.setSignature(snapshotId, { ...signed, ...checkpoint, timestamp });
    return { signature: signed.signature, keyVersion };
  });
}

/**
 * The ledger must still list exactly the overlapping snapshots that the manifest names. A delayed call may find a lease
 * that was granted again but not checked yet, after others sealed the window. Nothing is signed yet, so the lease ends.
 */
async function refuseSuperseded(deps: SealingDeps, row: ManifestedRow, body: Buffer): Promise<void> {
  const published = await listPublishedOverlaps(deps, row);
  try {
    const { snapshots } = parseManifest(body).late;
    requireSameOverlaps(
      row,
      snapshots,
      published.map(({ snapshotId }) => snapshotId),
    );
  } catch (error) {
    await deps.leases.finish(row.snapshotId);
    throw error;
  }
}

async function putSignature(
  deps: SealingDeps,
  row: ManifestedRow,
): Promise<{ signature: string; signatureVersionId: string }> {
  const statement = manifestStatement(row.origin, row.snapshotId, row.manifest.sha256);
  const signature = (await signVerified(deps.signer, statement, keyOf(row))).toString('base64');
  const key = manifestSignatureKey(row.snapshotId);
  return { signature, signatureVersionId: await putIdempotent(deps, key, Buffer.from(signature)) };
}

async function putCheckpoint(
  deps: SealingDeps,
  row: ManifestedRow,
  body: Buffer,
): Promise<{ checkpointVersionId: string; checkpointBytes: number }> {
  const { recordCount: size, root } = parseManifest(body);
  const origin = snapshotOrigin(row.origin, row.snapshotId);
  const checkpoint = { origin, size, root: Buffer.from(root, 'base64') };
  const note = await signCheckpoint(deps.signer, checkpoint, keyOf(row));
  const key = snapshotCheckpointKey(row.snapshotId);
  return { checkpointVersionId: await putIdempotent(deps, key, note), checkpointBytes: note.length };
}

function keyOf({ keyVersion: version, publicKey }: ManifestedRow): { version: number; publicKey: Buffer } {
  return { version, publicKey: Buffer.from(publicKey, 'base64') };
}
