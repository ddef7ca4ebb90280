import {
  createRemoteJWKSet,
  decodeJwt,
  errors,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose';
import { SnapshotError } from '../../errors';
import type { Authenticator, Caller } from './caller';
import { TENANT } from './staticKeys';

export interface JwtTrust {
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
  /** The claim that names the tenant of a caller. */
  readonly tenantClaim?: string;
}

/** Asymmetric ones only: a public key must never serve as an HMAC secret. */
const ALGORITHMS = ['EdDSA', 'Ed25519', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256'];
const CLOCK_SKEW_SECONDS = 30;
const FETCH_MS = 5_000;
/** After a failed look-up the provider is left alone for this long, however many tokens arrive. */
const BACKOFF_MS = 5_000;
const MAX_SUBJECT = 256;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * Accepts JWTs of an identity provider (RFC 7519): signature by its JWKS, issuer, audience and times are checked; scopes
 * come from `scope` or `scp`. Undefined for a token that is not valid; IDENTITY_UNREACHABLE while the JWKS cannot be read.
 * A token that is not of this issuer causes no look-up.
 */
export function jwtAuthenticator(trust: JwtTrust, nowMs: () => number = Date.now): Authenticator {
  const { jwksUrl, issuer, audience, tenantClaim = 'tenant' } = trust;
  const url = new URL(jwksUrl);
  const keySet = withBackoff(createRemoteJWKSet(url, { timeoutDuration: FETCH_MS }), nowMs);
  return async (token) => {
    if (!JWT.test(token) || !isIssuedBy(issuer, token)) return undefined;
    try {
      const { payload } = await jwtVerify(token, keySet, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_SKEW_SECONDS,
        requiredClaims: ['exp', 'sub'],
      });
      return callerOf(payload, tenantClaim);
    } catch (error) {
      if (isTokenError(error)) return undefined;
      // Callers see this message before they are authenticated, and a query may contain a key.
      const message = `the keys of the identity provider cannot be read [GET ${url.origin}${url.pathname}]`;
      throw new SnapshotError('IDENTITY_UNREACHABLE', message, { retryable: true, cause: error });
    }
  };
}

/** Undefined for a token whose subject names nobody: rate limits and rights belong to the subject. */
function callerOf(payload: JWTPayload, tenantClaim: string): Caller | undefined {
  const sub: unknown = payload.sub;
  if (typeof sub !== 'string' || sub.trim() === '' || sub.length > MAX_SUBJECT) return undefined;
  const tenant = payload[tenantClaim];
  const named = typeof tenant === 'string' && TENANT.test(tenant);
  return { name: `jwt:${sub}`, scopes: scopesOf(payload), ...(named ? { tenant } : {}) };
}

/** Read before the signature is checked, so that junk costs no look-up; `jwtVerify` checks it again. */
function isIssuedBy(issuer: string, token: string): boolean {
  try {
    return decodeJwt(token).iss === issuer;
  } catch {
    return false;
  }
}

/** Rejects at once for some time after the keys could not be read. */
function withBackoff(getKey: JWTVerifyGetKey, nowMs: () => number): JWTVerifyGetKey {
  let failed: { readonly atMs: number; readonly error: unknown } | undefined;
  return async (header, token) => {
    if (failed && nowMs() - failed.atMs < BACKOFF_MS) throw failed.error;
    try {
      const key = await getKey(header, token);
      failed = undefined;
      return key;
    } catch (error) {
      if (!isTokenError(error)) failed = { atMs: nowMs(), error };
      throw error;
    }
  };
}

/** Errors of jose about the token itself; the others are about the key set or the network. */
function isTokenError(error: unknown): boolean {
  return (
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  );
}

/** RFC 8693 has one string with spaces in `scope`; some providers write a list, or call it `scp`. */
function scopesOf({ scope, scp }: JWTPayload & { readonly scope?: unknown; readonly scp?: unknown }) {
  const given = [scope, scp].flat().filter((entry) => typeof entry === 'string');
  return new Set(given.flatMap((entry) => entry.split(' ')));
}
