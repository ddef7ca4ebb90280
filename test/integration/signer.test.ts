import { randomUUID } from 'node:crypto';
import { connectSigner } from '../../src/vault/vaultSigner';
import { readVaultConfig } from '../../src/config';
import { describeSigner } from '../contract/signer';
import { vaultAsRoot } from '../harness/vaultAsRoot';

describeSigner('Vault Transit', async () => {
  const vault = vaultAsRoot();
  const key = `contract-${randomUUID().slice(0, 8)}`;
  await vault.createKey(key, { type: 'ed25519' });
  const { address } = readVaultConfig();
  return {
    signer: await connectSigner({ address, key, credentials: { token: vault.token } }),
    rotate: async () => void (await vault.call('POST', `transit/keys/${key}/rotate`, {})),
    disableBelow: async (version) => {
      await vault.call('POST', `transit/keys/${key}/config`, { min_encryption_version: version });
    },
  };
});

describe('Vault Transit with an AppRole', () => {
  test('the signer logs in again when its token was revoked', async () => {
    const signer = await connectSigner(readVaultConfig());
    await signer.sign(Buffer.from('x'), 1);
    const vault = vaultAsRoot();
    await vault.call('POST', 'sys/leases/revoke-prefix/auth/approle/login', {});
    await expect(signer.sign(Buffer.from('x'), 1)).resolves.toHaveLength(64);
  });

  test('the policy of a worker gives no access to another key', async () => {
    const config = readVaultConfig();
    for (const key of ['of-another-product', 'audit-snapshot/../other']) {
      const signer = await connectSigner({ ...config, key });
      await expect(signer.listKeys()).rejects.toMatchObject({ name: 'SnapshotError' });
    }
  });

  test('the error of a failed login contains no secret', async () => {
    const config = readVaultConfig();
    const credentials = { roleId: 'a-role', secretId: 'a-very-secret-id' };
    const error: unknown = await connectSigner({ ...config, credentials }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'SIGNER_UNAUTHORIZED', retryable: false });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('a-very-secret-id');
  });

  test('the error of an unreachable Vault is retryable', async () => {
    const config = { ...readVaultConfig(), address: 'http://127.0.0.1:1' };
    await expect(connectSigner(config)).rejects.toMatchObject({
      code: 'SIGNER_UNREACHABLE',
      retryable: true,
    });
  });
});
