import { z } from 'zod';
import { SnapshotError, malformed } from '../errors';
import { decodeBase64 } from '../tlog/base64';
import { PUBLIC_KEY_BYTES, pemOfPublicKey } from '../tlog/ed25519';
import { vkeyOf } from '../tlog/note';
import { MAX_TRUSTED_KEYS, MAX_TRUST_FILE_BYTES } from './limits';
import { instant, parseWith } from './schemas';

const trustFile = z.strictObject({
  origin: z.string().min(1).max(128),
  keys: z
    .array(
      z.strictObject({
        version: z.int().min(1),
        publicKey: z.string(),
        pem: z.string(),
        vkey: z.string(),
        from: instant,
        to: instant.nullable(),
      }),
    )
    .min(1)
    .max(MAX_TRUSTED_KEYS),
});

/** The public keys of one origin, which an auditor pins once; docs/format.md, "Trust file". */
export type TrustFile = z.infer<typeof trustFile>;

/** The trust file of keys in ascending order of version; each is in force until the next one was made. */
export function makeTrustFile(
  origin: string,
  keys: readonly { readonly version: number; readonly publicKey: Buffer; readonly createdAt: Date }[],
): TrustFile {
  return {
    origin,
    keys: keys.map(({ version, publicKey, createdAt }, index) => ({
      version,
      publicKey: publicKey.toString('base64'),
      pem: pemOfPublicKey(publicKey),
      vkey: vkeyOf(origin, publicKey),
      from: createdAt.toISOString(),
      to: keys[index + 1]?.createdAt.toISOString() ?? null,
    })),
  };
}

/** Reads a trust file; the three encodings of each key must agree. EVIDENCE_MALFORMED. */
export function parseTrustFile(bytes: Uint8Array): TrustFile {
  const trust = parseWith(trustFile, parseJson(bytes), 'trust file');
  for (const { version, publicKey, pem, vkey } of trust.keys) {
    const raw = decodeBase64(publicKey, PUBLIC_KEY_BYTES);
    if (vkey !== vkeyOf(trust.origin, raw) || pem !== pemOfPublicKey(raw))
      throw malformed(`trust file: the encodings of key version ${version} do not agree`);
  }
  const versions = new Set(trust.keys.map(({ version }) => version));
  if (versions.size !== trust.keys.length) throw malformed('trust file: a key version is listed twice');
  return trust;
}

/** Any JSON in UTF-8: an auditor may indent a trust file by hand. */
function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length > MAX_TRUST_FILE_BYTES) throw malformed('trust file is larger than 1 MiB');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw malformed('trust file is not JSON', cause);
  }
}

/** The raw public key of a version; undefined when the file does not have it. */
export function findTrustedKey(trust: TrustFile, version: number): Buffer | undefined {
  const key = trust.keys.find((candidate) => candidate.version === version);
  return key && decodeBase64(key.publicKey, PUBLIC_KEY_BYTES);
}

/** The raw public keys of all versions, in the order of the file. */
export function pinnedKeys({ keys }: TrustFile): Buffer[] {
  return keys.map(({ publicKey }) => decodeBase64(publicKey, PUBLIC_KEY_BYTES));
}

/**
 * The keys that are served now, and those of an earlier trust file that are no longer served, in order of version.
 * EVIDENCE_INVALID when a version has another key, or the origin is another one.
 */
export function mergeTrust(earlier: TrustFile, served: TrustFile): TrustFile {
  const servedKeys = new Map(served.keys.map((key) => [key.version, key]));
  for (const { version, publicKey } of earlier.keys) {
    const servedKey = servedKeys.get(version)?.publicKey ?? publicKey;
    if (earlier.origin === served.origin && servedKey === publicKey) continue;
    const message = `key version ${version} of ${earlier.origin} is not the one that is served for ${served.origin}`;
    throw new SnapshotError('EVIDENCE_INVALID', message);
  }
  const trimmed = earlier.keys.filter(({ version }) => !servedKeys.has(version));
  const keys = [...trimmed, ...served.keys].toSorted((left, right) => left.version - right.version);
  return { origin: served.origin, keys };
}
