import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, SignJWT } from 'jose';
import type { VaultConfig } from '../../src/config/vault';
import { makeAuthority } from './certificates';
import { keepSecret } from './leaks/secretRegistry';
import { answerJson, startScriptedServer, type ScriptedServer } from './scriptedServer';
import { vaultAsRoot } from './vaultAsRoot';

/** The mount paths, the key and the policy of one namespace (empty: the root namespace) of the stack's Vault. */
export interface VaultArea {
  readonly namespace: string;
  readonly transitMount: string;
  readonly key: string;
  readonly policy: string;
  /** A call below this namespace. */
  readonly call: (method: 'GET' | 'POST', path: string, body?: object) => Promise<unknown>;
}

/** What a worker is configured with, and the revocation of everything that was issued to it. */
export interface ConfiguredLogin {
  readonly config: Pick<VaultConfig, 'credentials' | 'authMount' | 'secretFile'>;
  /** Ends all tokens of this login; a configured token is replaced in its file. */
  revoke(): Promise<void>;
}

const AUDIENCE = 'vault.test';
const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-logins-'));

/** Creates a namespace if it has a name, a Transit mount with a key, and a policy that may sign with it. */
export async function makeArea(namespace: string): Promise<VaultArea> {
  const root = vaultAsRoot();
  if (namespace !== '') await root.call('POST', `sys/namespaces/${namespace}`, {});
  const prefix = namespace === '' ? '' : `${namespace}/`;
  const call: VaultArea['call'] = (method, path, body) => root.call(method, `${prefix}${path}`, body);
  const [transitMount, key, policy] = [`team/${unique('transit')}`, 'sealing', unique('sealer')];
  await call('POST', `sys/mounts/${transitMount}`, { type: 'transit' });
  await call('POST', `${transitMount}/keys/${key}`, { type: 'ed25519' });
  const rules = [
    `path "${transitMount}/sign/${key}" { capabilities = ["update"] }`,
    `path "${transitMount}/keys/${key}" { capabilities = ["read"] }`,
  ];
  await call('POST', `sys/policies/acl/${policy}`, { policy: rules.join('\n') });
  return { namespace, transitMount, key, policy, call };
}

/** An AppRole at a mount path of its own. */
export async function appRoleLogin({ call, policy }: VaultArea): Promise<ConfiguredLogin> {
  const authMount = unique('approle');
  await call('POST', `sys/auth/${authMount}`, { type: 'approle' });
  await call('POST', `auth/${authMount}/role/sealer`, { token_policies: [policy], token_ttl: '10m' });
  const role = await call('GET', `auth/${authMount}/role/sealer/role-id`);
  const secret = await call('POST', `auth/${authMount}/role/sealer/secret-id`, {});
  const { role_id: roleId = '' } = dataOf(role);
  const { secret_id: secretId = '' } = dataOf(secret);
  return {
    config: { credentials: { roleId, secretId: keepSecret('a secret id', secretId) }, authMount },
    revoke: () => revokeLogins(call, authMount),
  };
}

/** A token in a file, which its revocation replaces. */
export async function tokenFileLogin({ call, policy }: VaultArea): Promise<ConfiguredLogin> {
  const secretFile = join(directory, unique('token'));
  const create = async () => {
    const created = await call('POST', 'auth/token/create', { policies: [policy], ttl: '10m' });
    return keepSecret('a token of Vault', (created as { auth: { client_token: string } }).auth.client_token);
  };
  let token = await create();
  writeFileSync(secretFile, token);
  return {
    config: { credentials: { token }, secretFile },
    revoke: async () => {
      await call('POST', 'auth/token/revoke', { token });
      token = await create();
      writeFileSync(secretFile, `${token}\n`);
    },
  };
}

/** JWTs of a local issuer, whose key Vault has as PEM or reads from a JWKS URL. */
export async function jwtLogin(
  area: VaultArea,
  keySource: 'static key' | 'JWKS URL',
): Promise<ConfiguredLogin> {
  const { call, policy } = area;
  const authMount = unique('jwt');
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await call('POST', `sys/auth/${authMount}`, { type: 'jwt' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const source =
    keySource === 'static key'
      ? { jwt_validation_pubkeys: [pem] }
      : { jwks_url: `${(await jwksServer(publicKey)).url}/jwks.json` };
  await call('POST', `auth/${authMount}/config`, source);
  await call('POST', `auth/${authMount}/role/sealer`, {
    role_type: 'jwt',
    user_claim: 'sub',
    bound_audiences: [AUDIENCE],
    bound_subject: 'worker',
    token_policies: [policy],
  });
  const jwt = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setSubject('worker')
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime('10m')
    .sign(privateKey);
  const secretFile = join(directory, unique('jwt'));
  writeFileSync(secretFile, keepSecret('a JWT', jwt));
  return {
    config: { credentials: { method: 'jwt', role: 'sealer', jwt }, authMount, secretFile },
    revoke: () => revokeLogins(call, authMount),
  };
}

/** A service account of a Kubernetes API that answers TokenReview requests as the real one does. */
export async function kubernetesLogin({ call, policy }: VaultArea): Promise<ConfiguredLogin> {
  const authMount = unique('kubernetes');
  const jwt = await serviceAccountJwt();
  const api = await kubernetesApi(jwt);
  await call('POST', `sys/auth/${authMount}`, { type: 'kubernetes' });
  await call('POST', `auth/${authMount}/config`, {
    kubernetes_host: api.url,
    token_reviewer_jwt: await serviceAccountJwt(),
    // Not used over http, and required without the files of a pod.
    kubernetes_ca_cert: readFileSync(makeAuthority().ca, 'utf8'),
    disable_local_ca_jwt: true,
  });
  await call('POST', `auth/${authMount}/role/sealer`, {
    bound_service_account_names: ['sealer'],
    bound_service_account_namespaces: ['audit'],
    token_policies: [policy],
  });
  const secretFile = join(directory, unique('service-account'));
  writeFileSync(secretFile, keepSecret('a service account token', jwt));
  return {
    config: { credentials: { method: 'kubernetes', role: 'sealer', jwt: '' }, authMount, secretFile },
    revoke: () => revokeLogins(call, authMount),
  };
}

const servers: ScriptedServer[] = [];

/** Stops the servers of the logins of this test file. */
export async function stopLoginServers(): Promise<void> {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
}

async function jwksServer(publicKey: KeyObject): Promise<ScriptedServer> {
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  const server = await startScriptedServer((_request, response) =>
    answerJson(response, 200, { keys: [jwk] }),
  );
  servers.push(server);
  return server;
}

async function kubernetesApi(known: string): Promise<ScriptedServer> {
  const server = await startScriptedServer(({ path, body }, response) => {
    if (path !== '/apis/authentication.k8s.io/v1/tokenreviews') return answerJson(response, 404, {});
    const { spec } = JSON.parse(body) as { spec: { token: string } };
    const user = { username: 'system:serviceaccount:audit:sealer', uid: SERVICE_ACCOUNT_UID, groups: [] };
    const status = spec.token === known ? { authenticated: true, user } : { error: 'token is not valid' };
    answerJson(response, 201, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', status });
  });
  servers.push(server);
  return server;
}

const SERVICE_ACCOUNT_UID = randomUUID();

/** With the claims of a projected service account token. */
async function serviceAccountJwt(): Promise<string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const serviceaccount = { name: 'sealer', uid: SERVICE_ACCOUNT_UID };
  return new SignJWT({ 'kubernetes.io': { namespace: 'audit', serviceaccount } })
    .setProtectedHeader({ alg: 'ES256' })
    .setSubject('system:serviceaccount:audit:sealer')
    .setIssuer('https://kubernetes.default.svc')
    .setIssuedAt()
    .setNotBefore('0s')
    .setExpirationTime('10m')
    .sign(privateKey);
}

async function revokeLogins(call: VaultArea['call'], authMount: string): Promise<void> {
  await call('POST', `sys/leases/revoke-prefix/auth/${authMount}/login`, {});
}

function dataOf(answer: unknown): Partial<Record<string, string>> {
  return (answer as { data: Partial<Record<string, string>> }).data;
}

function unique(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 8)}`;
}
