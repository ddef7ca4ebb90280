import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { SnapshotError, malformed } from '../errors';
import { decodeBase64 } from '../tlog/base64';
import { PUBLIC_KEY_BYTES, pemOfPublicKey } from '../tlog/ed25519';
import { vkeyOf } from '../tlog/note';
import { MAX_LEDGER_SIZE, MAX_TIMESTAMP_AUTHORITIES, MAX_TRUSTED_KEYS, MAX_TRUST_FILE_BYTES } from './limits';
import { instant, origin, parseWith } from './schemas';

const trustFile = z.strictObject({
  origin,
  keys: z
    .array(
      z.strictObject({
        version: z.int().min(1),
        publicKey: z.string(),
        pem: z.string(),
        vkey: z.string(),
        from: instant,
        to: instant.nullable(),
        revoked: z.strictObject({ ledgerSize: z.int().min(0).max(MAX_LEDGER_SIZE) }).nullable(),
      }),
    )
    .min(1)
    .max(MAX_TRUSTED_KEYS),
  timestampAuthorities: z.array(z.strictObject({ pem: z.string() })).max(MAX_TIMESTAMP_AUTHORITIES),
});

/** The public keys of one origin, which an auditor pins once; docs/format.md, "Trust file". */
export type TrustFile = z.infer<typeof trustFile>;

/**
 * The trust file of keys in ascending order of version; each is in force until the next one was made.
 * `timestampAuthorities` are certificates in PEM.
 */
export function makeTrustFile(
  name: string,
  keys: readonly { readonly version: number; readonly publicKey: Buffer; readonly createdAt: Date }[],
  timestampAuthorities: readonly string[] = [],
): TrustFile {
  let lastMs = -Infinity;
  // Two versions of one millisecond still get ranges in order.
  const starts = keys.map(({ createdAt }) => (lastMs = Math.max(createdAt.getTime(), lastMs + 1)));
  const instants = starts.map((ms) => new Date(ms).toISOString());
  return {
    origin: name,
    keys: keys.map(({ version, publicKey }, index) => ({
      version,
      publicKey: publicKey.toString('base64'),
      pem: pemOfPublicKey(publicKey),
      vkey: vkeyOf(name, publicKey),
      from: instants[index]!,
      to: instants[index + 1] ?? null,
      revoked: null,
    })),
    timestampAuthorities: timestampAuthorities.map((pem) => ({ pem })),
  };
}

/** Reads a trust file strictly: encodings that agree, versions and ranges in order, each key once. EVIDENCE_MALFORMED. */
export function parseTrustFile(bytes: Uint8Array): TrustFile {
  const trust = parseWith(trustFile, parseJson(bytes), 'trust file');
  for (const { version, publicKey, pem, vkey } of trust.keys) {
    const raw = decodeBase64(publicKey, PUBLIC_KEY_BYTES);
    if (vkey !== vkeyOf(trust.origin, raw) || pem !== pemOfPublicKey(raw))
      throw malformed(`trust file: the encodings of key version ${version} do not agree`);
  }
  checkRanges(trust);
  checkAuthorities(trust);
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

/** One version is in force at a time, and one key has one version. Instants of one notation compare as text. */
function checkRanges({ keys }: TrustFile): void {
  const known = new Set<string>();
  for (const [index, { version, publicKey, from, to }] of keys.entries()) {
    const next = keys[index + 1];
    if (known.has(publicKey))
      throw malformed(`trust file: key version ${version} has the key of another one`);
    known.add(publicKey);
    if (to !== null && to <= from)
      throw malformed(`trust file: key version ${version} ends before it starts`);
    if (!next) continue;
    if (next.version === version) throw malformed('trust file: a key version is listed twice');
    if (next.version < version) throw malformed('trust file: the key versions are not in ascending order');
    if (to === null || to > next.from)
      throw malformed(
        `trust file: key versions ${version} and ${next.version} are in force at the same time`,
      );
  }
}

function checkAuthorities({ timestampAuthorities }: TrustFile): void {
  const known = new Set<string>();
  for (const { pem } of timestampAuthorities) {
    if (known.has(pem)) throw malformed('trust file: a timestamp authority is listed twice');
    if (pem !== pemOfCertificate(pem))
      throw malformed('trust file: a timestamp authority is not one certificate in canonical PEM');
    known.add(pem);
  }
}

/** A certificate in the one PEM notation that a trust file has. EVIDENCE_MALFORMED for anything else. */
export function pemOfCertificate(pem: string): string {
  try {
    return new X509Certificate(pem).toString();
  } catch (cause) {
    throw malformed('not an X.509 certificate in PEM', cause);
  }
}

/** The raw public key of a version; undefined when the file does not have it. */
export function findTrustedKey(trust: TrustFile, version: number): Buffer | undefined {
  const key = trust.keys.find((candidate) => candidate.version === version);
  return key && decodeBase64(key.publicKey, PUBLIC_KEY_BYTES);
}

/** The raw public keys of all versions, in the order of the file. */
export function pinnedKeys({ keys }: Pick<TrustFile, 'keys'>): Buffer[] {
  return keys.map(({ publicKey }) => decodeBase64(publicKey, PUBLIC_KEY_BYTES));
}

/**
 * The keys that are served now, and what an earlier trust file has beyond them: key versions that are no longer served,
 * revocations, timestamp authorities. A version that is no longer served was in force until the next one at most.
 * EVIDENCE_INVALID when a version has another key, or the origin is another one; EVIDENCE_MALFORMED when ranges overlap.
 */
export function mergeTrust(earlier: TrustFile, served: TrustFile): TrustFile {
  const servedKeys = new Map(served.keys.map((key) => [key.version, key]));
  for (const { version, publicKey } of earlier.keys) {
    const servedKey = servedKeys.get(version)?.publicKey ?? publicKey;
    if (earlier.origin === served.origin && servedKey === publicKey) continue;
    const message = `key version ${version} of ${earlier.origin} is not the one that is served for ${served.origin}`;
    throw new SnapshotError('EVIDENCE_INVALID', message);
  }
  const revocations = new Map(earlier.keys.map(({ version, revoked }) => [version, revoked]));
  const trimmed = earlier.keys.filter(({ version }) => !servedKeys.has(version));
  const keys = [...trimmed, ...served.keys].toSorted((left, right) => left.version - right.version);
  const merged = {
    origin: served.origin,
    keys: keys.map((key, index) => ({
      ...key,
      to: key.to ?? keys[index + 1]?.from ?? null,
      revoked: revocations.get(key.version) ?? key.revoked,
    })),
    timestampAuthorities: uniqueAuthorities([
      ...earlier.timestampAuthorities,
      ...served.timestampAuthorities,
    ]),
  };
  checkRanges(merged);
  return merged;
}

function uniqueAuthorities(
  authorities: TrustFile['timestampAuthorities'],
): TrustFile['timestampAuthorities'] {
  return [...new Set(authorities.map(({ pem }) => pem))].map((pem) => ({ pem }));
}

/**
 * The trust file with a key version that counts only for the first `ledgerSize` entries of the ledger. USAGE_INVALID for
 * a version that the file does not have, and for a size beyond one that was recorded: a revocation is not taken back.
 */
export function revokeKey(trust: TrustFile, version: number, ledgerSize: number): TrustFile {
  const key = trust.keys.find((candidate) => candidate.version === version);
  if (!key) {
    const versions = trust.keys.map((candidate) => candidate.version).join(', ');
    throw new SnapshotError(
      'USAGE_INVALID',
      `the trust file has no key version ${version}; it has ${versions}`,
    );
  }
  if (key.revoked && key.revoked.ledgerSize < ledgerSize) {
    const message = `key version ${version} is revoked already, for ledgers of more than ${key.revoked.ledgerSize} entries; a revocation is not taken back`;
    throw new SnapshotError('USAGE_INVALID', message);
  }
  const revoked = { ledgerSize };
  return { ...trust, keys: trust.keys.map((each) => (each === key ? { ...each, revoked } : each)) };
}
