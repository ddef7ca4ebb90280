import type { SignedManifest, SnapshotRef } from '../src/contract/activities';
import { checkpointText, snapshotOrigin } from '../src/evidence/checkpoint';
import { verifyEd25519 } from '../src/evidence/ed25519';
import { parseManifest } from '../src/evidence/manifest';
import { formatNote, keyId } from '../src/evidence/note';
import { manifestKey, manifestSignatureKey, snapshotCheckpointKey } from '../src/evidence/objectKeys';
import { sha256Hex } from '../src/evidence/sha256';
import { SnapshotError } from '../src/errors';
import type { ActivityDeps } from './deps';
import { withHeartbeat } from './heartbeat';
import { putSame } from './putSame';
import { findManifested, type ManifestedRow } from './snapshotState';

/**
 * Signs the manifest as storage returns it, and the snapshot checkpoint. The lease is marked first: whoever holds it
 * behind this point finishes the snapshot, and an old attempt whose window was given up ends here with LEASE_LOST.
 * The request names the key version of the manifest, and a signature is verified before it is stored.
 */
export function signManifest(deps: ActivityDeps, { snapshotId }: SnapshotRef): Promise<SignedManifest> {
  return withHeartbeat(async () => {
    const row = await findManifested(deps, snapshotId);
    const { keyVersion } = row;
    if (row.signature !== null) return { signature: row.signature.signature, keyVersion };
    await deps.leases.beginSigning(snapshotId);

    const body = await readManifest(deps, row);
    const { recordCount, root } = parseManifest(body);
    const signature = (await sign(deps, row, body)).toString('base64');
    const signatureVersionId = await putSame(deps, manifestSignatureKey(snapshotId), Buffer.from(signature));

    const origin = snapshotOrigin(row.origin, snapshotId);
    const text = checkpointText({ origin, size: recordCount, root: Buffer.from(root, 'base64') });
    const id = keyId(origin, Buffer.from(row.publicKey, 'base64'));
    const noteSignature = await sign(deps, row, Buffer.from(text));
    const note = formatNote(text, [{ name: origin, keyId: id, signature: noteSignature }]);
    const checkpointVersionId = await putSame(deps, snapshotCheckpointKey(snapshotId), note);

    const checkpointBytes = note.length;
    const refs = { signature, signatureVersionId, checkpointVersionId, checkpointBytes };
    await deps.snapshots.setSignature(snapshotId, refs);
    return { signature, keyVersion };
  });
}

async function readManifest(deps: ActivityDeps, row: ManifestedRow): Promise<Buffer> {
  const key = manifestKey(row.snapshotId);
  const stored = await deps.store.get(key, row.manifest.sizeBytes, row.manifest.versionId);
  if (stored && sha256Hex(stored.body) === row.manifest.sha256) return stored.body;
  const found = stored ? sha256Hex(stored.body) : 'nothing';
  const message = `storage no longer returns the manifest that was sealed [key=${key}, expected=${row.manifest.sha256}, found=${found}]`;
  throw new SnapshotError('STORAGE_CONFLICT', message);
}

async function sign(deps: ActivityDeps, row: ManifestedRow, message: Buffer): Promise<Buffer> {
  const signature = await deps.signer.sign(message, row.keyVersion);
  if (verifyEd25519(Buffer.from(row.publicKey, 'base64'), message, signature)) return signature;
  const text = `the signature of key version ${row.keyVersion} does not verify under its public key; nothing was stored`;
  throw new SnapshotError('SIGNATURE_INVALID', text);
}
