import { z } from 'zod';
import { SnapshotError } from '../errors';
import { decodeBase64 } from '../tlog/base64';
import { pemOfPublicKey } from '../tlog/ed25519';
import { malformed } from '../tlog/malformed';
import { vkeyOf } from '../tlog/note';

const MAX_TRUST_BYTES = 1 << 20;

const instant = z.iso.datetime({ precision: 3 });
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
    .max(10_000),
});

/** Public keys of one origin, which an auditor pins once; docs/format.md, "Trust file". */
export type TrustFile = z.infer<typeof trustFile>;

/** Makes the trust file of keys in ascending order of version; each is in force until the next one was made. */
export function makeTrustFile(
  origin: string,
  keys: readonly { readonly version: number; readonly publicKey: Buffer; readonly createdAt: Date }[],
): TrustFile {
  return {
    origin,
    keys: keys.map(({ version, publicKey, createdAt }, place) => ({
      version,
      publicKey: publicKey.toString('base64'),
      pem: pemOfPublicKey(publicKey),
      vkey: vkeyOf(origin, publicKey),
      from: createdAt.toISOString(),
      to: keys[place + 1]?.createdAt.toISOString() ?? null,
    })),
  };
}

/** Reads a trust file; its spellings of each key must agree. EVIDENCE_MALFORMED. */
export function parseTrustFile(bytes: Uint8Array): TrustFile {
  if (bytes.length > MAX_TRUST_BYTES) throw malformed('trust file is larger than 1 MiB');
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw malformed('trust file is not JSON', cause);
  }
  const parsed = trustFile.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw malformed(`trust file: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
  }
  for (const { version, publicKey, pem, vkey } of parsed.data.keys) {
    const raw = decodeBase64(publicKey, 32);
    const agree = vkey === vkeyOf(parsed.data.origin, raw) && pem === pemOfPublicKey(raw);
    if (!agree) throw malformed(`trust file: the spellings of key version ${version} do not agree`);
  }
  if (new Set(parsed.data.keys.map(({ version }) => version)).size !== parsed.data.keys.length) {
    throw malformed('trust file: a key version stands twice');
  }
  return parsed.data;
}

/** The raw public key of a version; undefined when the file does not have it. */
export function findTrustedKey(trust: TrustFile, version: number): Buffer | undefined {
  const key = trust.keys.find((candidate) => candidate.version === version);
  return key && decodeBase64(key.publicKey, 32);
}

/** The raw public keys of every version. */
export function pinnedKeys({ keys }: TrustFile): Buffer[] {
  return keys.map(({ publicKey }) => decodeBase64(publicKey, 32));
}

/** An earlier trust file with what is served now: versions that were trimmed stay. EVIDENCE_INVALID when one has another key. */
export function mergeTrust(earlier: TrustFile, served: TrustFile): TrustFile {
  const known = new Map(served.keys.map((key) => [key.version, key]));
  for (const { version, publicKey } of earlier.keys) {
    const now = known.get(version)?.publicKey ?? publicKey;
    if (earlier.origin === served.origin && now === publicKey) continue;
    const message = `key version ${version} of ${earlier.origin} is not the one that is served for ${served.origin}`;
    throw new SnapshotError('EVIDENCE_INVALID', message);
  }
  const trimmed = earlier.keys.filter(({ version }) => !known.has(version));
  const keys = [...trimmed, ...served.keys].toSorted((left, right) => left.version - right.version);
  return { origin: served.origin, keys };
}
