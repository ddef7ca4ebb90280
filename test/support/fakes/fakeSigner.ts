import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { SnapshotError } from '../../../src/errors';
import type { Signer, SigningKey } from '../../../src/ports';
import { FaultPlan } from './faults';

/** Signs with real Ed25519 keys in memory, versioned as Vault Transit does. */
export class FakeSigner implements Signer {
  readonly faults = new FaultPlan<keyof Signer>('SIGNER_UNREACHABLE');
  readonly #keys: (SigningKey & { readonly privateKey: KeyObject })[] = [];
  #minimum = 1;

  constructor(first = generateKeyPairSync('ed25519')) {
    this.rotate(first);
  }

  /** Adds a version; the older ones go on signing when they are asked to. */
  rotate({ publicKey, privateKey } = generateKeyPairSync('ed25519')): void {
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
    const version = this.#keys.length + 1;
    this.#keys.push({ version, publicKey: raw, createdAt: new Date(version * 1000), privateKey });
  }

  /** As Transit's min_encryption_version. */
  disableBelow(version: number): void {
    this.#minimum = version;
  }

  listKeys(): Promise<readonly SigningKey[]> {
    return this.faults.run('listKeys', () =>
      this.#keys.map(({ version, publicKey, createdAt }) => ({ version, publicKey, createdAt })),
    );
  }

  sign(message: Buffer, version: number): Promise<Buffer> {
    return this.faults.run('sign', () => {
      const key = this.#keys[version - 1];
      if (key && version >= this.#minimum) return sign(null, message, key.privateKey);
      throw new SnapshotError('KEY_VERSION_UNAVAILABLE', `version ${version} may not sign`);
    });
  }
}
