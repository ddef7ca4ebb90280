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

/** True when Vault does not accept the token for this call. */
export function isTokenRejected(error: unknown): boolean {
  return statusOf(error) === 403;
}

/**
 * Maps a failed call to SIGNER_*. The cause and its message are dropped: the library's errors hold the request, with token,
 * secret id and the bytes to sign.
 */
export function toSignerError(where: string, error: unknown): SnapshotError {
  if (error instanceof SnapshotError) return error;
  const status = statusOf(error);
  if (status === 401 || status === 403) {
    return new SnapshotError('SIGNER_UNAUTHORIZED', `Vault denies access; check token and policy ${where}`);
  }
  if (status === 503) {
    return new SnapshotError('SIGNER_UNREACHABLE', `Vault is sealed or in standby; unseal it ${where}`, {
      retryable: true,
    });
  }
  if (status === undefined) {
    const { code = 'no answer' } = (error ?? {}) as { readonly code?: string };
    return new SnapshotError('SIGNER_UNREACHABLE', `Vault cannot be reached: ${code} ${where}`, {
      retryable: true,
    });
  }
  const retryable = status === 429 || status >= 500;
  return new SnapshotError('SIGNER_FAILED', `Vault answers ${status} ${where}`, { retryable });
}
