import { createPublicKey, verify } from 'node:crypto';
import { malformed } from '../errors';

export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** Header of a SubjectPublicKeyInfo with an Ed25519 key (RFC 8410); the 32 raw bytes follow. */
const SPKI_HEADER = Buffer.from('302a300506032b6570032100', 'hex');

/** Checks a 64-byte signature against a raw 32-byte public key (RFC 8032). Other sizes never verify. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  try {
    return verify(null, message, { key: spkiOf(publicKey), format: 'der', type: 'spki' }, signature);
  } catch {
    // 32 bytes that are not a point on the curve are not a key, so nothing was signed with it.
    return false;
  }
}

/** PEM of a raw 32-byte public key, as `openssl` reads it. */
export function pemOfPublicKey(publicKey: Uint8Array): string {
  return createPublicKey({ key: spkiOf(publicKey), format: 'der', type: 'spki' })
    .export({ format: 'pem', type: 'spki' })
    .toString();
}

/** The raw 32 bytes of an Ed25519 public key in PEM. EVIDENCE_MALFORMED for any other key. */
export function publicKeyOfPem(pem: string): Buffer {
  let spki: Buffer;
  try {
    spki = createPublicKey(pem).export({ format: 'der', type: 'spki' });
  } catch (cause) {
    throw malformed('not a public key in PEM', cause);
  }
  const header = spki.subarray(0, SPKI_HEADER.length);
  const publicKey = spki.subarray(SPKI_HEADER.length);
  if (publicKey.length !== PUBLIC_KEY_BYTES || !header.equals(SPKI_HEADER))
    throw malformed('not an Ed25519 public key');
  return publicKey;
}

function spkiOf(publicKey: Uint8Array): Buffer {
  return Buffer.concat([SPKI_HEADER, publicKey]);
}
