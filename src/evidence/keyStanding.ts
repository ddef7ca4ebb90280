import { vkeyOf } from '../tlog/note';
import { pemOfPublicKey } from '../tlog/ed25519';
import { CLOCK_SKEW_MS } from './limits';
import type { TrustFile } from './trustFile';

/**
 * A key that a verifier accepts. The version is null for a single pinned key without a trust file: then the key counts as
 * every version that the evidence says it is, and nothing is known of the time it was in force.
 */
export type TrustedKey = Omit<TrustFile['keys'][number], 'version'> & { readonly version: number | null };

/** The keys to accept: a trust file, or one pinned key under the name of an origin. */
export interface Trust {
  readonly origin: string;
  readonly keys: readonly TrustedKey[];
  readonly timestampAuthorities: TrustFile['timestampAuthorities'];
}

/** The trust in one pinned key of which neither version nor time is known. */
export function trustOfOneKey(origin: string, publicKey: Buffer): Trust {
  return { origin, keys: [keyWithoutRange(origin, null, publicKey)], timestampAuthorities: [] };
}

/** A key of which nothing is known of the time it was in force. */
export function keyWithoutRange(origin: string, version: number | null, publicKey: Buffer): TrustedKey {
  return {
    version,
    publicKey: publicKey.toString('base64'),
    pem: pemOfPublicKey(publicKey),
    vkey: vkeyOf(origin, publicKey),
    from: new Date(0).toISOString(),
    to: null,
    revoked: null,
  };
}

/**
 * What trusted keys say about a key that evidence names. `unknown` accuses nobody: the trust file may be older than the
 * key, or lack versions from before it was made. `other`: it is known that this version, or this key, is another one.
 */
export type KeyStanding =
  | { readonly kind: 'known'; readonly key: TrustedKey }
  | { readonly kind: 'unknown'; readonly expected: string; readonly found: string }
  | { readonly kind: 'other'; readonly expected: string; readonly found: string };

/** Judges the version and the public key (base64) that a manifest names. */
export function judgeKey(trust: Trust, named: { version: number; publicKey: string }): KeyStanding {
  const own = trust.keys.find(({ version }) => version === named.version || version === null);
  if (own?.publicKey === named.publicKey) return { kind: 'known', key: own };
  if (own?.version === null) return { kind: 'unknown', expected: ONE_KEY, found: named.publicKey };
  if (own) return { kind: 'other', expected: own.publicKey, found: named.publicKey };
  const same = trust.keys.find(({ publicKey }) => publicKey === named.publicKey);
  const found = `key version ${named.version}`;
  if (same) return { kind: 'other', expected: `key version ${same.version}, which has this key`, found };
  return { kind: 'unknown', expected: UNKNOWN_KEY, found };
}

/** What a report expects where evidence names a key that the trust file does not have. */
export const UNKNOWN_KEY =
  'a key version of the trust file; export the trust file again (keys export --merge)';
/** What a report expects where evidence names a key, and a single key is pinned. */
export const ONE_KEY = 'the pinned key; evidence with several key versions needs a trust file (keys export)';

/** True when the key was the newest one at this time, give or take the difference of clocks. */
export function wasInForce({ from, to }: TrustedKey, instantMs: number): boolean {
  if (instantMs < Date.parse(from) - CLOCK_SKEW_MS) return false;
  return to === null || instantMs <= Date.parse(to) + CLOCK_SKEW_MS;
}

/** When a key was in force, for reports. */
export function describeRange({ from, to }: TrustedKey): string {
  return `${from} to ${to ?? 'now'}`;
}

/** True when the key counts for the entry with this index of the ledger: a revoked key counts for the first ones only. */
export function countsForEntry({ revoked }: TrustedKey, index: number): boolean {
  return revoked === null || index < revoked.ledgerSize;
}

/** True when the key counts for a checkpoint over this many entries. */
export function countsForSize({ revoked }: TrustedKey, size: number): boolean {
  return revoked === null || size <= revoked.ledgerSize;
}
