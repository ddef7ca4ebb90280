import { SnapshotError } from '../errors';
import { verifyEd25519 } from '../tlog/ed25519';
import { checkpointText, formatNote, keyId, type Checkpoint } from '../tlog/note';
import type { Signer, SigningKey } from '../ports/signer';

/** The newest version of the signing key. KEY_MISSING when the key has no version. */
export async function newestKey(signer: Signer): Promise<SigningKey> {
  return newestOf(await signer.listKeys());
}

/** The newest of the versions that the signer lists. KEY_MISSING when there is none. */
export function newestOf(keys: readonly SigningKey[]): SigningKey {
  const key = keys.at(-1);
  if (key) return key;
  throw new SnapshotError(
    'KEY_MISSING',
    'the signing key has no version; create one, then run the job again',
  );
}

/** The signature of a message by one key version, verified before anything is stored with it: SIGNATURE_INVALID. */
export async function signVerified(
  signer: Signer,
  message: Buffer,
  { version, publicKey }: Pick<SigningKey, 'version' | 'publicKey'>,
): Promise<Buffer> {
  const signature = await signer.sign(message, version);
  if (verifyEd25519(publicKey, message, signature)) return signature;
  const text = `the signature of key version ${version} does not verify under its public key; nothing was stored, check the signing server`;
  throw new SnapshotError('SIGNATURE_INVALID', text);
}

/** A checkpoint as a note that is signed under the name of its origin (c2sp.org/tlog-checkpoint). SIGNATURE_INVALID. */
export async function signCheckpoint(
  signer: Signer,
  checkpoint: Checkpoint,
  key: Pick<SigningKey, 'version' | 'publicKey'>,
): Promise<Buffer> {
  const { origin: name } = checkpoint;
  const text = checkpointText(checkpoint);
  const signature = await signVerified(signer, Buffer.from(text), key);
  return formatNote(text, [{ name, keyId: keyId(name, key.publicKey), signature }]);
}
