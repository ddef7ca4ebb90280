import { verifyEd25519 } from '../../src/tlog/ed25519';
import type { Signer } from '../../src/ports/signer';

export interface SignerSubject {
  readonly signer: Signer;
  rotate(): Promise<void> | void;
  /** Disables all versions below this one. */
  disableBelow(version: number): Promise<void> | void;
}

/** What every signer does, whether it is in memory or a server. */
export function describeSigner(name: string, makeSubject: () => Promise<SignerSubject>): void {
  describe(`${name} as a signer`, () => {
    const message = Buffer.from('what is signed\n');
    let subject: SignerSubject;

    beforeEach(async () => {
      subject = await makeSubject();
    });

    test('a new key has one version of 32 bytes', async () => {
      const keys = await subject.signer.listKeys();
      expect(keys.map(({ version, publicKey }) => [version, publicKey.length])).toEqual([[1, 32]]);
      expect(keys[0]!.createdAt.getTime()).not.toBeNaN();
    });

    test('a signature verifies under the key of its version, and not for another message', async () => {
      const [key] = await subject.signer.listKeys();
      const signature = await subject.signer.sign(message, 1);
      expect(verifyEd25519(key!.publicKey, message, signature)).toBe(true);
      expect(verifyEd25519(key!.publicKey, Buffer.from('something else\n'), signature)).toBe(false);
    });

    test('signing a message twice returns the same signature', async () => {
      const first = await subject.signer.sign(message, 1);
      await expect(subject.signer.sign(message, 1)).resolves.toEqual(first);
    });

    test('a rotated key lists both versions in order, and each of them can sign', async () => {
      await subject.rotate();
      const keys = await subject.signer.listKeys();
      expect(keys.map(({ version }) => version)).toEqual([1, 2]);
      for (const { version, publicKey } of keys) {
        const signature = await subject.signer.sign(message, version);
        expect(verifyEd25519(publicKey, message, signature)).toBe(true);
        const other = keys.find((key) => key.version !== version)!;
        expect(verifyEd25519(other.publicKey, message, signature)).toBe(false);
      }
    });

    test('a disabled version is refused with KEY_VERSION_UNAVAILABLE', async () => {
      await subject.rotate();
      await subject.disableBelow(2);
      await expect(subject.signer.sign(message, 1)).rejects.toMatchObject({
        code: 'KEY_VERSION_UNAVAILABLE',
        retryable: false,
      });
      await expect(subject.signer.sign(message, 2)).resolves.toHaveLength(64);
    });

    test('a version that does not exist is refused with KEY_VERSION_UNAVAILABLE', async () => {
      await expect(subject.signer.sign(message, 9)).rejects.toMatchObject({
        code: 'KEY_VERSION_UNAVAILABLE',
      });
    });
  });
}
