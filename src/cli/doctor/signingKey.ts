import { readVaultConfig } from '../../config';
import { verifyEd25519 } from '../../tlog/ed25519';
import { connectSigner } from '../../vault/vaultSigner';
import type { Check } from './check';
import { judgeClock, measureClockOffset } from './clock';

interface SigningKeyFacts {
  readonly key: string;
  readonly versions: readonly number[];
  /** Whether a signature of the newest version verifies under its public key. */
  readonly signs: boolean;
  readonly clockOffsetMs: number | undefined;
}

/** Neither a manifest nor a checkpoint, so that its signature cannot be mistaken for theirs. */
const PROBE = Buffer.from('audit-snapshot doctor: may this process sign?');

/** Signs a probe with the newest version of the key. SIGNER_*, KEY_*. */
export async function measureSigningKey(): Promise<SigningKeyFacts> {
  const config = readVaultConfig();
  const signer = await connectSigner(config);
  const keys = await signer.listKeys();
  const newest = keys.at(-1);
  const signs =
    newest !== undefined && verifyEd25519(newest.publicKey, PROBE, await signer.sign(PROBE, newest.version));
  const health = new URL('/v1/sys/health', config.address).href;
  return {
    key: config.key,
    versions: keys.map(({ version }) => version),
    signs,
    clockOffsetMs: await measureClockOffset(health),
  };
}

export function judgeSigningKey({ key, versions, signs, clockOffsetMs }: SigningKeyFacts): readonly Check[] {
  const check = 'signing key';
  return [
    { check, state: 'ok', found: `${key}, versions ${versions.join(', ')}` },
    signs
      ? { check, state: 'ok', found: 'signs, and the signature verifies' }
      : { check, state: 'fail', found: 'its signature does not verify under its public key' },
    judgeClock('clock of Vault', clockOffsetMs),
  ];
}
