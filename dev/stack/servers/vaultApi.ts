import { SnapshotError, messageOf } from '../../../src/errors';

const CALL_TIMEOUT_MS = 5_000;

export interface VaultCall {
  readonly address: string;
  readonly method: 'GET' | 'POST';
  /** Below `/v1/`. */
  readonly path: string;
  readonly token?: string;
  readonly body?: unknown;
}

/** The health answer of a Vault API server; every state of it is an answer (sys/health, Vault API documentation). */
export interface VaultHealth {
  readonly initialized: boolean;
  readonly sealed: boolean;
  readonly standby: boolean;
}

/** One call of the Vault HTTP API; undefined for 404. Errors: SIGNER_UNREACHABLE, SIGNER_FAILED; never with the token or the body. */
export async function callVault<T>(call: VaultCall): Promise<T | undefined> {
  const response = await send(call);
  const text = await response.text();
  if (response.status === 404) return undefined;
  if (!response.ok) throw refused(call, response.status, text);
  return (text === '' ? {} : JSON.parse(text)) as T;
}

/** The state of the server, asked without a token. SIGNER_UNREACHABLE when nothing like a Vault answers. */
export async function readHealth(address: string): Promise<VaultHealth> {
  const call = { address, method: 'GET', path: 'sys/health' } as const;
  const response = await send(call);
  const text = await response.text();
  try {
    const health = JSON.parse(text) as VaultHealth;
    if (typeof health.initialized === 'boolean') return health;
  } catch {
    // reported below, with the status
  }
  throw refused(call, response.status, text);
}

async function send({ address, method, path, token, body }: VaultCall): Promise<Response> {
  return fetch(`${address.replace(/\/$/, '')}/v1/${path}`, {
    method,
    headers: token === undefined ? {} : { 'X-Vault-Token': token },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw new SnapshotError(
      'SIGNER_UNREACHABLE',
      `Vault at ${address} does not answer: ${messageOf(cause)}`,
      { retryable: true, cause },
    );
  });
}

function refused({ address, method, path }: VaultCall, status: number, text: string): SnapshotError {
  return new SnapshotError(
    'SIGNER_FAILED',
    `Vault at ${address}: ${method} ${path} gave ${status}: ${reasons(text)}`,
  );
}

/** Only the server's own `errors`: other members of an answer may be secrets. */
function reasons(text: string): string {
  try {
    const { errors } = JSON.parse(text) as { errors?: unknown };
    return Array.isArray(errors) ? errors.join('; ') : 'no reason';
  } catch {
    return 'not an answer of Vault';
  }
}
