import { SnapshotError } from '../errors';

/** The HTTP status of a failed call; undefined when Vault did not answer. */
export function statusOf(error: unknown): number | undefined {
  const status = (error as { response?: { statusCode?: unknown } } | undefined)?.response?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

/** True when Vault does not let this key version sign: servers answer with 400 or, as OpenBao does, with 500. */
export function isVersionRejected(error: unknown): boolean {
  const { message = '' } = (error ?? {}) as { readonly message?: string };
  return statusOf(error) !== undefined && /requested version for signing/.test(message);
}

/** True when the path of the call belongs to no secrets engine or authentication method, or to no namespace. */
export function isMountMissing(error: unknown): boolean {
  const { message = '' } = (error ?? {}) as { readonly message?: string };
  return statusOf(error) === 404 && /no handler for route|namespace not found/.test(message);
}

/** True when Vault does not accept the token for this call. */
export function isTokenRejected(error: unknown): boolean {
  return statusOf(error) === 403;
}

/** True when this node has not yet received what another node wrote, such as the token of a login (Vault Enterprise). */
export function isNodeOutdated(error: unknown): boolean {
  return statusOf(error) === 412;
}

/** Statuses that another call, or another node, answers differently, with what to do meanwhile. */
const TEMPORARY: Readonly<Record<number, string>> = {
  408: 'the request took too long',
  412: 'this node has not yet received the latest writes; it receives them by itself',
  429: 'too many requests; raise the rate limit quota',
  472: 'this is a disaster recovery secondary; promote it, or set VAULT_ADDR to the primary',
  473: 'this performance standby cannot answer; set VAULT_ADDR to an active node',
  501: 'Vault is not initialised; initialise it',
  503: 'Vault is sealed or in standby; unseal it',
};

/** Codes of Node.js for a certificate that is not accepted (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const CERTIFICATE = /CERT|SIGNATURE_FAILURE|^UNABLE_TO_|^ERR_TLS_|^HOSTNAME_MISMATCH$/;

/**
 * Maps a failed call to SIGNER_*. `call` names the path and the capability that it needs. The cause and its message are
 * dropped: the library's errors hold the request, with token, secret id and the bytes to sign.
 */
export function toSignerError(where: string, call: string, error: unknown): SnapshotError {
  if (error instanceof SnapshotError) return error;
  const status = statusOf(error);
  if (status === undefined) return unreachable(where, error);
  if (status === 401 || status === 403) {
    const message = `Vault denies access: ${call}; check token and policy ${where}`;
    return new SnapshotError('SIGNER_UNAUTHORIZED', message);
  }
  const advice = TEMPORARY[status];
  if (advice !== undefined) {
    const message = `Vault answers ${status}: ${advice} ${where}`;
    return new SnapshotError('SIGNER_UNREACHABLE', message, { retryable: true });
  }
  if (isMountMissing(error)) {
    const message = `nothing is mounted there: ${call}; check VAULT_TRANSIT_MOUNT, VAULT_AUTH_MOUNT and VAULT_NAMESPACE ${where}`;
    return new SnapshotError('SIGNER_FAILED', message);
  }
  const message = `Vault answers ${status}: ${call} ${where}`;
  return new SnapshotError('SIGNER_FAILED', message, { retryable: status >= 500 });
}

function unreachable(where: string, error: unknown): SnapshotError {
  const { code = 'no answer' } = (error ?? {}) as { readonly code?: string };
  const advice = CERTIFICATE.test(code)
    ? '; its certificate is not accepted: VAULT_CACERT names the file with the CA certificate'
    : code === 'EPROTO'
      ? '; it does not speak TLS: VAULT_ADDR may have to begin with http://'
      : '';
  return new SnapshotError('SIGNER_UNREACHABLE', `Vault cannot be reached: ${code}${advice} ${where}`, {
    retryable: true,
  });
}
