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

/** The raw 32 bytes of an Ed25519 public key in PEM; EVIDENCE_MALFORMED for any other key. */
export function publicKeyOfPem(pem: string): Buffer {
  try {
    const spki = createPublicKey(pem).export({ format: 'der', type: 'spki' });
    if (spki.length === 44 && spki.subarray(0, 12).equals(SPKI_HEADER)) return spki.subarray(12);
  } catch (cause) {
    throw malformed('not a public key in PEM', cause);
  }
  throw malformed('not an Ed25519 public key');
}

function spkiOf(publicKey: Uint8Array): Buffer {
  return Buffer.concat([SPKI_HEADER, publicKey]);
}
