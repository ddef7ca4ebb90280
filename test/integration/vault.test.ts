import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { readVaultConfig } from '../../src/config';
import { checkSigner } from '../../src/vault/checkSigner';
import { connectSigner } from '../../src/vault/vaultSigner';
import { makeAuthority } from '../harness/certificates';
import { keepSecret } from '../harness/leaks/secretRegistry';
import { startTlsProxy, type TlsProxy } from '../harness/tlsProxy';
import { vaultAsRoot } from '../harness/vaultAsRoot';
import {
  appRoleLogin,
  jwtLogin,
  kubernetesLogin,
  makeArea,
  stopLoginServers,
  tokenFileLogin,
  type VaultArea,
} from '../harness/vaultLogins';

const run = promisify(execFile);
const WORKER = resolve(__dirname, '../../dist/src/worker/process.js');

const authority = makeAuthority();
const areas = new Map<string, VaultArea>();
const TEAM = `team-${randomUUID().slice(0, 8)}`;
let proxy: TlsProxy;

beforeAll(async () => {
  const port = Number(new URL(process.env['VAULT_ADDR']!).port);
  proxy = await startTlsProxy(port, authority.issue('vault', 'serverAuth'));
  for (const namespace of ['', TEAM]) areas.set(namespace, await makeArea(namespace));
});

afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await stopLoginServers();
});

const METHODS = [
  ['AppRole', appRoleLogin],
  ['a token in a file', tokenFileLogin],
  ['JWT with a static key', (area: VaultArea) => jwtLogin(area, 'static key')],
  ['JWT with a JWKS URL', (area: VaultArea) => jwtLogin(area, 'JWKS URL')],
  ['Kubernetes', kubernetesLogin],
] as const;

describe.each(METHODS)('the login with %s', (_method, makeLogin) => {
  test.each([
    ['the root namespace without TLS', '', false],
    ['the root namespace with TLS', '', true],
    ['another namespace without TLS', TEAM, false],
    ['another namespace with TLS', TEAM, true],
  ])('signs in %s, and again after its token was revoked', async (_server, namespace, tls) => {
    const area = areas.get(namespace)!;
    const login = await makeLogin(area);
    const signer = await connectSigner({
      ...login.config,
      key: area.key,
      transitMount: area.transitMount,
      ...(namespace === '' ? {} : { namespace }),
      ...(tls
        ? { address: `https://localhost:${proxy.port}`, caFile: authority.ca }
        : { address: process.env['VAULT_ADDR']! }),
    });
    await expect(checkSigner(signer)).resolves.toHaveLength(1);
    await login.revoke();
    await expect(checkSigner(signer)).resolves.toHaveLength(1);
  });
});

describe('a login that Vault rejects', () => {
  test.each([
    ['a JWT of another issuer', (area: VaultArea) => jwtLogin(area, 'static key')],
    ['a service account that Kubernetes does not know', kubernetesLogin],
  ])('because of %s is SIGNER_UNAUTHORIZED, without the JWT', async (_what, makeLogin) => {
    const area = areas.get('')!;
    const [own, other] = [await makeLogin(area), await makeLogin(area)];
    const jwt = readFileSync(other.config.secretFile!, 'utf8');
    writeFileSync(own.config.secretFile!, jwt);
    const config = { ...readVaultConfig(), ...own.config };
    const error: unknown = await connectSigner(config).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SIGNER_UNAUTHORIZED', retryable: false });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(jwt.slice(-20));
  });

  test('because its namespace or its mount does not exist names both settings', async () => {
    const config = readVaultConfig();
    for (const wrong of [{ namespace: 'nowhere' }, { authMount: 'nowhere' }])
      await expect(connectSigner({ ...config, ...wrong })).rejects.toMatchObject({
        message: expect.stringMatching(/VAULT_AUTH_MOUNT.*VAULT_NAMESPACE/),
        retryable: false,
      });
  });
});

/** A token under a policy of these rules. */
async function tokenWith(kept: readonly string[]): Promise<string> {
  const vault = vaultAsRoot();
  const policy = `policy-${randomUUID().slice(0, 8)}`;
  await vault.call('POST', `sys/policies/acl/${policy}`, { policy: kept.join('\n') });
  const created = await vault.call('POST', 'auth/token/create', { policies: [policy], ttl: '10m' });
  return keepSecret('a token of Vault', (created as { auth: { client_token: string } }).auth.client_token);
}

/** Signs with the stack's key under a policy of these rules. */
async function signerWith(kept: readonly string[]) {
  return connectSigner({ ...readVaultConfig(), credentials: { token: await tokenWith(kept) } });
}

describe('the policy in deploy/vault', () => {
  const text = readFileSync(join(__dirname, '../../deploy/vault/policy.hcl'), 'utf8');
  const rules = text.match(/^path [^}]+\}$/gm)!;

  test('is all that signing needs', async () => {
    expect(rules).toHaveLength(2);
    await expect(checkSigner(await signerWith(rules))).resolves.toHaveLength(1);
  });

  test.each(rules.map((rule) => [/"(.+?)"/.exec(rule)![1]!, rule]))(
    'without %s the start ends with this path and its capability',
    async (path, rule) => {
      const signer = await signerWith(rules.filter((other) => other !== rule));
      await expect(checkSigner(signer)).rejects.toMatchObject({
        code: 'SIGNER_UNAUTHORIZED',
        message: expect.stringMatching(new RegExp(`(read|update) on ${path}`)),
      });
    },
  );

  test.each(rules.map((rule) => [/"(.+?)"/.exec(rule)![1]!, rule]))(
    'without %s a worker does not start, names the path, and shows no token',
    async (path, rule) => {
      const token = await tokenWith(rules.filter((other) => other !== rule));
      const env = { ...process.env, VAULT_ROLE_ID: '', VAULT_SECRET_ID: '', VAULT_TOKEN: token };
      const failure = await run(process.execPath, [WORKER], { env, timeout: 60_000 }).catch(
        (error: unknown) => error as { code: number; stderr: string },
      );
      expect(failure).toMatchObject({ code: 1 });
      expect(failure.stderr).toContain('error [SIGNER_UNAUTHORIZED]: ');
      expect(failure.stderr).toContain(path);
      expect(failure.stderr).not.toContain(token);
    },
  );
});

/** Signs with a new key that has two versions and these settings. */
async function signerOf(options: object, settings: object) {
  const vault = vaultAsRoot();
  const key = `unsafe-${randomUUID().slice(0, 8)}`;
  await vault.createKey(key, { type: 'ed25519', ...options });
  await vault.call('POST', `transit/keys/${key}/rotate`, {});
  await vault.call('POST', `transit/keys/${key}/config`, settings);
  return connectSigner({ ...readVaultConfig(), key, credentials: { token: vault.token } });
}

describe('a key with an unsafe policy', () => {
  test.each([
    ['derived', { derived: true }, {}, 'derived'],
    ['exportable', { exportable: true }, {}, 'exportable'],
    ['in plain text backups', {}, { allow_plaintext_backup: true }, 'allow_plaintext_backup'],
    ['of another type', { type: 'ecdsa-p256' }, {}, 'ecdsa-p256'],
  ])('that is %s is refused with the reason', async (_what, options, settings, reason) => {
    await expect(signerOf(options, settings).then(checkSigner)).rejects.toMatchObject({
      code: 'KEY_INVALID',
      message: expect.stringContaining(reason),
    });
  });

  test.each([
    ['may be deleted', { deletion_allowed: true }, 'deletion_allowed'],
    ['no longer lists its first version', { min_decryption_version: 2 }, 'min_decryption_version is 2'],
    ['no longer signs with its first version', { min_encryption_version: 2 }, 'min_encryption_version is 2'],
    ['rotates by itself', { auto_rotate_period: '24h' }, 'auto_rotate_period'],
  ])('that %s signs, with a warning', async (_what, settings, found) => {
    const signer = await signerOf({}, settings);
    await expect(checkSigner(signer)).resolves.not.toHaveLength(0);
    await expect(signer.keyWarnings()).resolves.toContainEqual(
      expect.objectContaining({ found: expect.stringContaining(found) }),
    );
  });
});
