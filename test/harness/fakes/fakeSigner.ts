import { generateKeyPairSync, sign, type KeyObject, type KeyPairKeyObjectResult } from 'node:crypto';
import { SnapshotError } from '../../../src/errors';
import type { Signer, SigningKey } from '../../../src/ports/signer';
import { FaultPlan } from './faults';

/** Signs with real Ed25519 keys in memory, versioned as Vault Transit does. */
export class FakeSigner implements Signer {
  readonly faults = new FaultPlan<keyof Signer>('SIGNER_UNREACHABLE');
  readonly #keys: (SigningKey & { readonly privateKey: KeyObject })[] = [];
  readonly #now: (() => Date) | undefined;
  #minimum = 1;

  /** `now` is the time at which a version is made; without it, versions are one second apart. */
  constructor(first: KeyPairKeyObjectResult = generateKeyPairSync('ed25519'), now?: () => Date) {
    this.#now = now;
    this.rotate(first);
  }

  /** Adds a version; older versions can still sign. */
  rotate({ publicKey, privateKey }: KeyPairKeyObjectResult = generateKeyPairSync('ed25519')): void {
    const version = this.#keys.length + 1;
    this.#keys.push({
      version,
      publicKey: rawOf(publicKey),
      createdAt: this.#now?.() ?? new Date(version * 1000),
      privateKey,
    });
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

const known = new WeakMap<KeyObject, Buffer>();

/** The 32 bytes of a public key, memoized: exporting one takes longer than most tests of it. */
function rawOf(publicKey: KeyObject): Buffer {
  const raw = known.get(publicKey) ?? publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  known.set(publicKey, raw);
  return raw;
}
