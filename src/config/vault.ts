import type { z } from 'zod';
import { configError, invalid } from './problems';
import type { VARIABLES, Environment } from './schema';
import { findSetting } from './sources';
import { tlsFileProblem } from './tlsFiles';

/** How the worker logs in; exactly one method applies. An empty JWT is read from `secretFile`. */
type VaultCredentials =
  | { readonly token: string }
  | { readonly roleId: string; readonly secretId: string }
  | { readonly method: 'kubernetes' | 'jwt'; readonly role: string; readonly jwt: string };

export interface VaultConfig {
  readonly address: string;
  readonly key: string;
  readonly credentials: VaultCredentials;
  /** The file with the token, secret id or JWT of `credentials`. It may be replaced at any time, and is read again. */
  readonly secretFile?: string | undefined;
  /** Of Vault Enterprise and OpenBao; undefined: the root namespace. */
  readonly namespace?: string | undefined;
  /** PEM certificates that the server's certificate is checked against, instead of those of the system. */
  readonly caFile?: string | undefined;
  /** Where the Transit secrets engine is mounted; default `transit`. */
  readonly transitMount?: string | undefined;
  /** Where the authentication method is mounted; default: the name of the method. */
  readonly authMount?: string | undefined;
}

/** Where Kubernetes puts the JWT of a pod's service account. */
const SERVICE_ACCOUNT_JWT = '/var/run/secrets/kubernetes.io/serviceaccount/token';

type VaultSettings = z.output<z.ZodObject<typeof VARIABLES.vault>>;
type SecretName = 'VAULT_TOKEN' | 'VAULT_SECRET_ID' | 'VAULT_JWT';

/** Joins the settings of Vault. CONFIG_INVALID without the settings of the login method, TLS_FILE_INVALID. */
export function vaultConfigOf(vault: VaultSettings, env: Environment): VaultConfig {
  const problem =
    vault.VAULT_CACERT === undefined ? undefined : tlsFileProblem('VAULT_CACERT', vault.VAULT_CACERT);
  if (problem) throw configError([problem]);
  const [credentials, secret] = credentialsOf(vault);
  const mounted = 'method' in credentials && credentials.jwt === '' ? SERVICE_ACCOUNT_JWT : undefined;
  return {
    address: vault.VAULT_ADDR,
    key: vault.VAULT_TRANSIT_KEY,
    credentials,
    secretFile: findSetting(secret, env)?.file ?? mounted,
    namespace: vault.VAULT_NAMESPACE,
    caFile: vault.VAULT_CACERT,
    transitMount: vault.VAULT_TRANSIT_MOUNT,
    authMount: vault.VAULT_AUTH_MOUNT,
  };
}

function credentialsOf(vault: VaultSettings): readonly [VaultCredentials, SecretName] {
  const { VAULT_ROLE_ID: roleId, VAULT_SECRET_ID: secretId, VAULT_TOKEN: token } = vault;
  const { VAULT_ROLE: role, VAULT_JWT: jwt } = vault;
  const method = methodOf(vault);
  if (method === 'approle') {
    if (roleId === undefined || secretId === undefined)
      throw invalid('the login method approle needs VAULT_ROLE_ID and VAULT_SECRET_ID');
    return [{ roleId, secretId }, 'VAULT_SECRET_ID'];
  }
  if (method === 'token') {
    if (token === undefined) throw invalid('the login method token needs VAULT_TOKEN or VAULT_TOKEN_FILE');
    return [{ token }, 'VAULT_TOKEN'];
  }
  if (role === undefined) throw invalid(`the login method ${method} needs VAULT_ROLE`);
  if (jwt === undefined && method === 'jwt') throw invalid('the login method jwt needs VAULT_JWT_FILE');
  return [{ method, role, jwt: jwt ?? '' }, 'VAULT_JWT'];
}

/** Without VAULT_AUTH_METHOD: AppRole if its settings are there, then a token. */
function methodOf(vault: VaultSettings): NonNullable<VaultSettings['VAULT_AUTH_METHOD']> {
  if (vault.VAULT_AUTH_METHOD !== undefined) return vault.VAULT_AUTH_METHOD;
  if (vault.VAULT_ROLE !== undefined || vault.VAULT_JWT !== undefined)
    throw invalid('VAULT_ROLE and VAULT_JWT need VAULT_AUTH_METHOD: kubernetes or jwt');
  if (vault.VAULT_ROLE_ID !== undefined && vault.VAULT_SECRET_ID !== undefined) return 'approle';
  if (vault.VAULT_TOKEN !== undefined) return 'token';
  throw invalid(
    'set VAULT_ROLE_ID and VAULT_SECRET_ID (AppRole), VAULT_TOKEN, or VAULT_AUTH_METHOD (kubernetes or jwt) with VAULT_ROLE and VAULT_JWT_FILE',
  );
}
