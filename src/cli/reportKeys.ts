import { createPublicKey } from 'node:crypto';
import type { TrustFile } from '../evidence/trustFile';
import { sha256Hex } from '../tlog/sha256';
import type { ReportKey } from './reportHtml';

/** The pinned keys with their fingerprints: hex SHA-256 of the public key in DER (SubjectPublicKeyInfo). */
export function reportKeysOf({ keys }: TrustFile): readonly ReportKey[] {
  return keys.map(({ version, pem, from, to }) => ({
    version,
    fingerprint: sha256Hex(createPublicKey(pem).export({ format: 'der', type: 'spki' })),
    from,
    to,
  }));
}
