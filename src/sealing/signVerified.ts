import { verifyEd25519 } from '../tlog/ed25519';
import { SnapshotError } from '../errors';
import type { SealingDeps } from './deps';

/** The signature of a message by one key version, verified before anything is done with it: SIGNATURE_INVALID. */
export async function signVerified(
  deps: SealingDeps,
  message: Buffer,
  version: number,
  publicKey: Buffer,
): Promise<Buffer> {
  const signature = await deps.signer.sign(message, version);
  if (verifyEd25519(publicKey, message, signature)) return signature;
  const text = `the signature of key version ${version} does not verify under its public key; nothing was stored`;
  throw new SnapshotError('SIGNATURE_INVALID', text);
}
