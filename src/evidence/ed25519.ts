import { createPublicKey, verify } from 'node:crypto';
import { malformed } from './malformed';

/** Header of a SubjectPublicKeyInfo with an Ed25519 key (RFC 8410); the 32 raw bytes follow. */
const SPKI_HEADER = Buffer.from('302a300506032b6570032100', 'hex');

/** Checks a 64-byte signature by a raw 32-byte public key (RFC 8032). Other sizes never verify. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  try {
    return verify(null, message, { key: spkiOf(publicKey), format: 'der', type: 'spki' }, signature);
  } catch {
    // A key that is no point on the curve has signed nothing.
    return false;
  }
}

/** PEM of a raw 32-byte public key, as `openssl` reads it. */
export function pemOfPublicKey(publicKey: Uint8Array): string {
  return createPublicKey({ key: spkiOf(publicKey), format: 'der', type: 'spki' })
    .export({ format: 'pem', type: 'spki' })
    .toString();
}

function spkiOf(publicKey: Uint8Array): Buffer {
  return Buffer.concat([SPKI_HEADER, publicKey]);
}
