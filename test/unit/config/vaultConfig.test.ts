import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readVaultConfig } from '../../../src/config';

const BASE = { VAULT_ADDR: 'https://vault.example:8200', XDG_CONFIG_HOME: '/nowhere' };
const APPROLE = { VAULT_ROLE_ID: 'r', VAULT_SECRET_ID: 's' };
const secretFile = join(mkdtempSync(join(tmpdir(), 'audit-snapshot-vault-')), 'secret');
writeFileSync(secretFile, 'from-file\n');

describe('the login method of Vault', () => {
  test.each([
    ['AppRole', APPROLE, { roleId: 'r', secretId: 's' }],
    ['a token', { VAULT_TOKEN: 't' }, { token: 't' }],
    ['AppRole before a token', { ...APPROLE, VAULT_TOKEN: 't' }, { roleId: 'r', secretId: 's' }],
    [
      'a chosen token before AppRole',
      { ...APPROLE, VAULT_TOKEN: 't', VAULT_AUTH_METHOD: 'token' },
      { token: 't' },
    ],
    [
      'JWT',
      { VAULT_AUTH_METHOD: 'jwt', VAULT_ROLE: 'r', VAULT_JWT: 'e.y.J' },
      { method: 'jwt', role: 'r', jwt: 'e.y.J' },
    ],
  ])('is %s if its settings are there', (_what, env, credentials) => {
    expect(readVaultConfig({ ...BASE, ...env }).credentials).toEqual(credentials);
  });

  test.each([
    ['nothing', {}, 'VAULT_ROLE_ID'],
    ['half of an AppRole', { VAULT_ROLE_ID: 'r' }, 'VAULT_SECRET_ID'],
    ['a method without its settings', { VAULT_AUTH_METHOD: 'approle', VAULT_TOKEN: 't' }, 'VAULT_ROLE_ID'],
    ['a role without a method', { VAULT_ROLE: 'r', VAULT_TOKEN: 't' }, 'VAULT_AUTH_METHOD'],
    ['Kubernetes without a role', { VAULT_AUTH_METHOD: 'kubernetes' }, 'VAULT_ROLE'],
    ['JWT without a JWT', { VAULT_AUTH_METHOD: 'jwt', VAULT_ROLE: 'r' }, 'VAULT_JWT_FILE'],
    ['an unknown method', { VAULT_AUTH_METHOD: 'ldap' }, 'VAULT_AUTH_METHOD'],
    ['a mount path that leaves its place', { ...APPROLE, VAULT_AUTH_MOUNT: '../sys' }, 'VAULT_AUTH_MOUNT'],
    [
      'a mount path with a slash at its end',
      { ...APPROLE, VAULT_TRANSIT_MOUNT: 'transit/' },
      'VAULT_TRANSIT_MOUNT',
    ],
    ['a namespace with a line break', { ...APPROLE, VAULT_NAMESPACE: 'a\nb' }, 'VAULT_NAMESPACE'],
  ])('with %s is CONFIG_INVALID, and the message names the setting', (_what, env, name) => {
    expect(() => readVaultConfig({ ...BASE, ...env })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(name) }),
    );
  });

  test('the file of its secret is kept, so that it can be read again', () => {
    const config = readVaultConfig({ ...BASE, VAULT_TOKEN_FILE: secretFile });
    expect(config).toMatchObject({ credentials: { token: 'from-file' }, secretFile });
  });

  test('Kubernetes uses the service account of the pod, or the file that is named', () => {
    const env = { ...BASE, VAULT_AUTH_METHOD: 'kubernetes', VAULT_ROLE: 'sealer' };
    expect(readVaultConfig(env).secretFile).toBe('/var/run/secrets/kubernetes.io/serviceaccount/token');
    expect(readVaultConfig({ ...env, VAULT_JWT_FILE: secretFile })).toMatchObject({
      secretFile,
      credentials: { method: 'kubernetes', role: 'sealer', jwt: 'from-file' },
    });
  });
});
