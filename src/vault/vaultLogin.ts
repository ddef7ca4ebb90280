import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { VaultConfig } from '../config/vault';
import { SnapshotError } from '../errors';
import { statusOf, toSignerError } from './errors';
import type { VaultSender } from './vaultHttp';

/** A token and how long it is valid. */
export interface VaultToken {
  readonly value: string;
  /** 0: without end. */
  readonly ttlMs: number;
  readonly renewable: boolean;
}

const authResponse = z.object({
  auth: z.object({
    client_token: z.string().min(1),
    lease_duration: z.number().min(0),
    renewable: z.boolean(),
  }),
});
const lookupResponse = z.object({
  data: z.object({ ttl: z.number().min(0), renewable: z.boolean().default(false) }),
});

/** True when a new token can be had at any time: every login method but a token itself. */
export function canLogIn({ credentials }: VaultConfig): boolean {
  return !('token' in credentials);
}

/** Logs in with the configured method, or looks the configured token up. SIGNER_*, TLS_FILE_INVALID. */
export async function logIn(http: VaultSender, config: VaultConfig, where: string): Promise<VaultToken> {
  const { credentials, authMount } = config;
  if ('token' in credentials) return await lookUp(http, readSecret(config, where), where);
  const method = 'method' in credentials ? credentials.method : 'approle';
  const path = `auth/${authMount ?? method}/login`;
  const secret = readSecret(config, where);
  const body =
    'method' in credentials
      ? { role: credentials.role, jwt: secret }
      : { role_id: credentials.roleId, secret_id: secret };
  try {
    return tokenOf(await http.send('', { method: 'write', path, body }));
  } catch (error) {
    throw toLoginError(where, path, method, error);
  }
}

/** Renews the token for its period; what node-vault rejects with, or TLS_FILE_INVALID. */
export async function renew(http: VaultSender, token: string): Promise<VaultToken> {
  return tokenOf(await http.send(token, { method: 'write', path: 'auth/token/renew-self' }));
}

/** The configured token, secret id or JWT: from its file as it is now, or as it was at the start while there is none. */
export function readSecret({ credentials, secretFile }: VaultConfig, where: string): string {
  const atStart =
    'token' in credentials
      ? credentials.token
      : 'method' in credentials
        ? credentials.jwt
        : credentials.secretId;
  const secret = (secretFile === undefined ? '' : textOf(secretFile)) || atStart;
  if (secret !== '') return secret;
  const message = `${secretFile} cannot be read or is empty; it must contain the secret for Vault ${where}`;
  throw new SnapshotError('SIGNER_UNAUTHORIZED', message);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // While a file is being replaced there may be none; the last known secret is then tried.
    return '';
  }
}

/** A token that may not look itself up is used as it is, and is never renewed. */
async function lookUp(http: VaultSender, value: string, where: string): Promise<VaultToken> {
  const path = 'auth/token/lookup-self';
  try {
    const { data } = lookupResponse.parse(await http.send(value, { method: 'read', path }));
    return { value, ttlMs: data.ttl * 1000, renewable: data.renewable };
  } catch (error) {
    if (statusOf(error) === 403) return { value, ttlMs: 0, renewable: false };
    if (error instanceof z.ZodError) throw unexpected(where, path);
    throw toSignerError(where, `read ${path}`, error);
  }
}

function tokenOf(response: unknown): VaultToken {
  const { client_token, lease_duration, renewable } = authResponse.parse(response).auth;
  return { value: client_token, ttlMs: lease_duration * 1000, renewable };
}

const NAMES = { approle: 'AppRole', kubernetes: 'Kubernetes', jwt: 'JWT' } as const;
const SETTINGS = {
  approle: 'VAULT_ROLE_ID and VAULT_SECRET_ID',
  kubernetes: 'VAULT_ROLE, the service account and its namespace',
  jwt: 'VAULT_ROLE and the claims of VAULT_JWT_FILE',
} as const;

/** Vault answers wrong credentials with 400 or 403, and a missing mount with 403 or 404. */
function toLoginError(
  where: string,
  path: string,
  method: keyof typeof NAMES,
  error: unknown,
): SnapshotError {
  const status = statusOf(error);
  if (status === 400 || status === 403) {
    const message = `Vault rejects the ${NAMES[method]} login at ${path}; check ${SETTINGS[method]}, VAULT_AUTH_MOUNT and VAULT_NAMESPACE ${where}`;
    return new SnapshotError('SIGNER_UNAUTHORIZED', message);
  }
  if (error instanceof z.ZodError) return unexpected(where, path);
  return toSignerError(where, `write ${path}`, error);
}

function unexpected(where: string, path: string): SnapshotError {
  return new SnapshotError('SIGNER_FAILED', `Vault returned an unexpected response: ${path} ${where}`);
}
