import { SnapshotError } from '../errors';
import type { Signer, SigningKey } from '../ports/signer';
import { verifyEd25519 } from '../tlog/ed25519';

/** Neither a manifest nor a checkpoint, so that its signature cannot be mistaken for theirs. */
const PROBE = Buffer.from('audit-snapshot: may this process sign?');

/**
 * Tries every right that signing needs: lists the versions of the key, and signs a probe with the newest one. Returns the
 * versions. SIGNER_*, KEY_*, and SIGNATURE_INVALID when the signature does not verify.
 */
export async function checkSigner(signer: Signer): Promise<readonly SigningKey[]> {
  const keys = await signer.listKeys();
  const newest = keys.at(-1);
  if (newest === undefined) throw new SnapshotError('KEY_MISSING', 'the signing key has no version');
  const signature = await signer.sign(PROBE, newest.version);
  if (verifyEd25519(newest.publicKey, PROBE, signature)) return keys;
  const message = `a signature of version ${newest.version} does not verify under its public key`;
  throw new SnapshotError('SIGNATURE_INVALID', message);
}
