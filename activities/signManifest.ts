import type { SignedManifest, SnapshotRef } from '../src/contract/activities';
import { checkpointText, formatNote, keyId } from '../src/tlog/note';
import { manifestSignatureKey, snapshotCheckpointKey, snapshotOrigin } from '../src/evidence/objectKeys';
import { parseManifest } from '../src/evidence/manifest';
import type { SealingDeps } from '../src/sealing/deps';
import { withHeartbeat } from '../src/temporal/heartbeat';
import { putIdempotent } from '../src/sealing/putIdempotent';
import { readSealedManifest } from '../src/sealing/sealedManifest';
import { putTimestamp } from '../src/sealing/putTimestamp';
import { signVerified } from '../src/sealing/signVerified';
import { findManifested } from '../src/sealing/snapshotRows';
import { supersededBy } from '../src/sealing/supersession';

/**
 * Signs the manifest as storage returns it, and the snapshot checkpoint. The lease is marked first: whoever holds it
 * behind this point finishes the snapshot, and an old attempt whose window was given up ends here with LEASE_LOST.
 * The request names the key version of the manifest, and a signature is verified before it is stored.
 */
export function signManifest(deps: SealingDeps, { snapshotId }: SnapshotRef): Promise<SignedManifest> {
  return withHeartbeat(async () => {
    const row = await findManifested(deps, snapshotId);
    const { keyVersion } = row;
    if (row.signature !== null) return { signature: row.signature.signature, keyVersion };
    await deps.leases.beginSigning(snapshotId);
    // A try that was held up may meet a lease that was taken again and not yet looked at: others sealed meanwhile.
    const superseded = await supersededBy(deps, row);
    if (superseded) {
      await deps.leases.finish(snapshotId);
      throw superseded;
    }

    const publicKey = Buffer.from(row.publicKey, 'base64');
    const body = await readSealedManifest(deps, row);
    const { recordCount, root } = parseManifest(body);
    const signature = (await signVerified(deps, body, keyVersion, publicKey)).toString('base64');
    const signatureVersionId = await putIdempotent(
      deps,
      manifestSignatureKey(snapshotId),
      Buffer.from(signature),
    );

    const origin = snapshotOrigin(row.origin, snapshotId);
    const text = checkpointText({ origin, size: recordCount, root: Buffer.from(root, 'base64') });
    const id = keyId(origin, publicKey);
    const noteSignature = await signVerified(deps, Buffer.from(text), keyVersion, publicKey);
    const note = formatNote(text, [{ name: origin, keyId: id, signature: noteSignature }]);
    const checkpointVersionId = await putIdempotent(deps, snapshotCheckpointKey(snapshotId), note);

    const timestamp = await putTimestamp(deps, row);
    const checkpointBytes = note.length;
    const refs = { signature, signatureVersionId, checkpointVersionId, checkpointBytes, timestamp };
    await deps.snapshots.setSignature(snapshotId, refs);
    return { signature, keyVersion };
  });
}
