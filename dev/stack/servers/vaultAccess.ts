import { join } from 'node:path';
import { SnapshotError } from '../../../src/errors';
import { readJsonFile, writePrivateFile } from '../stackDirectory';
import { callVault, type VaultCall } from './vaultApi';

export const TRANSIT_KEY = 'audit-snapshot';

/** Name of the role and of its policy. */
export const ROLE = 'audit-snapshot';
const TOKEN_PERIOD = '1h';
/** Signing and reading the public keys; renewal and lookup of its own token come from the `default` policy. */
export const POLICY = `
path "transit/sign/${TRANSIT_KEY}" { capabilities = ["update"] }
path "transit/keys/${TRANSIT_KEY}" { capabilities = ["read"] }
`;

/** What a program logs in with (AppRole). */
export interface RoleCredentials {
  readonly roleId: string;
  readonly secretId: string;
}

/** The credentials as stored; undefined before the first provisioning. */
export function readRole(folder: string): RoleCredentials | undefined {
  return readJsonFile(join(folder, 'approle.json')) as RoleCredentials | undefined;
}

/** Creates the Ed25519 key, which cannot leave the server, and an AppRole that may only sign with it. Repeatable. SIGNER_*. */
export async function provisionSigning(address: string, rootToken: string, folder: string): Promise<void> {
  const call: Call = (method, path, body) => callVault({ address, token: rootToken, method, path, body });
  await createKey(call);
  await createRole(call);
  if (await canLogIn(address, readRole(folder))) return;
  const credentials = await issueCredentials(call, address);
  writePrivateFile(join(folder, 'approle.json'), `${JSON.stringify(credentials, null, 2)}\n`);
}

type Call = <T>(method: VaultCall['method'], path: string, body?: unknown) => Promise<T | undefined>;

async function createKey(call: Call): Promise<void> {
  const mounts = await call<Record<string, unknown>>('GET', 'sys/mounts');
  if (mounts?.['transit/'] === undefined) await call('POST', 'sys/mounts/transit', { type: 'transit' });
  const key = await call('GET', `transit/keys/${TRANSIT_KEY}`);
  if (key !== undefined) return;
  await call('POST', `transit/keys/${TRANSIT_KEY}`, { type: 'ed25519', exportable: false });
}

async function createRole(call: Call): Promise<void> {
  await call('POST', `sys/policies/acl/${ROLE}`, { policy: POLICY });
  const methods = await call<Record<string, unknown>>('GET', 'sys/auth');
  if (methods?.['approle/'] === undefined) await call('POST', 'sys/auth/approle', { type: 'approle' });
  await call('POST', `auth/approle/role/${ROLE}`, {
    token_policies: [ROLE],
    // a periodic token can be renewed for as long as a worker runs
    token_period: TOKEN_PERIOD,
  });
}

async function issueCredentials(call: Call, address: string): Promise<RoleCredentials> {
  const role = await call<{ data: { role_id: string } }>('GET', `auth/approle/role/${ROLE}/role-id`);
  const secret = await call<{ data: { secret_id: string } }>(
    'POST',
    `auth/approle/role/${ROLE}/secret-id`,
    {},
  );
  if (role !== undefined && secret !== undefined)
    return { roleId: role.data.role_id, secretId: secret.data.secret_id };
  const message = `Vault at ${address} has no AppRole ${ROLE} right after creating it`;
  throw new SnapshotError('SIGNER_FAILED', message);
}

async function canLogIn(address: string, role: RoleCredentials | undefined): Promise<boolean> {
  if (role === undefined) return false;
  try {
    const login = await callVault<{ auth: { client_token: string } }>({
      address,
      method: 'POST',
      path: 'auth/approle/login',
      body: { role_id: role.roleId, secret_id: role.secretId },
    });
    const token = login?.auth.client_token;
    if (token === undefined) return false;
    await callVault({ address, token, method: 'POST', path: 'auth/token/revoke-self' });
    return true;
  } catch (error) {
    // refused credentials are replaced; a server that does not answer is no reason to replace them
    if (error instanceof SnapshotError && error.code === 'SIGNER_FAILED') return false;
    throw error;
  }
}
