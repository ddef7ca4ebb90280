import { readVaultConfig } from '../../config';
import { isSnapshotError } from '../../errors';
import { checkSigner } from '../../vault/checkSigner';
import type { KeyWarning } from '../../vault/keyPolicy';
import { readCertificates } from '../../vault/vaultHttp';
import { connectSigner } from '../../vault/vaultSigner';
import type { Check } from './check';
import { judgeClock, measureClockOffset } from './clock';

interface SigningKeyFacts {
  readonly key: string;
  readonly versions: readonly number[];
  /** Whether a signature of the newest version verifies under its public key. */
  readonly signs: boolean;
  readonly warnings?: readonly KeyWarning[];
  readonly clockOffsetMs: number | undefined;
}

/** Signs a probe with the newest version of the key. SIGNER_*, KEY_*. */
export async function measureSigningKey(): Promise<SigningKeyFacts> {
  const config = readVaultConfig();
  const signer = await connectSigner(config);
  const keys = await signer.listKeys();
  const signs = await checkSigner(signer).then(
    () => true,
    (error: unknown) => {
      if (isSnapshotError(error, 'SIGNATURE_INVALID')) return false;
      throw error;
    },
  );
  // Appended: the address may have a path.
  const health = `${config.address.replace(/\/$/, '')}/v1/sys/health`;
  return {
    key: config.key,
    versions: keys.map(({ version }) => version),
    signs,
    warnings: await signer.keyWarnings(),
    clockOffsetMs: await measureClockOffset(health, readCertificates(config.caFile)),
  };
}

/** The checks of the doctor about the signing key: versions, signature, policy, clock of Vault. */
export function judgeSigningKey(facts: SigningKeyFacts): readonly Check[] {
  const { key, versions, signs, warnings = [], clockOffsetMs } = facts;
  const check = 'signing key';
  return [
    { check, state: 'ok', found: `${key}, versions ${versions.join(', ')}` },
    ...warnings.map(({ found, advice }): Check => ({ check, state: 'warn', found, advice })),
    signs
      ? { check, state: 'ok', found: 'signs, and the signature verifies' }
      : { check, state: 'fail', found: 'its signature does not verify under its public key' },
    judgeClock('clock of Vault', clockOffsetMs),
  ];
}
