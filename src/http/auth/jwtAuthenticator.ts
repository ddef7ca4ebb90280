import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from 'jose';
import { SnapshotError } from '../../errors';
import type { Authenticator } from './caller';

export interface JwtTrust {
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
}

/** Asymmetric ones only: a public key must never serve as an HMAC secret. */
const ALGORITHMS = ['EdDSA', 'Ed25519', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256'];
const CLOCK_SKEW_SECONDS = 30;
const FETCH_MS = 5_000;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * Accepts JWTs of an identity provider (RFC 7519): signature by its JWKS, issuer, audience and times are checked; scopes
 * come from `scope` or `scp`. Undefined for a token that is not valid; IDENTITY_UNREACHABLE while the JWKS cannot be read.
 */
export function jwtAuthenticator({ jwksUrl, issuer, audience }: JwtTrust): Authenticator {
  const url = new URL(jwksUrl);
  const keySet = createRemoteJWKSet(url, { timeoutDuration: FETCH_MS });
  return async (token) => {
    if (!JWT.test(token)) return undefined;
    try {
      const { payload } = await jwtVerify(token, keySet, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_SKEW_SECONDS,
        requiredClaims: ['exp', 'sub'],
      });
      return { name: `jwt:${payload.sub}`, scopes: scopesOf(payload) };
    } catch (error) {
      if (isTokenError(error)) return undefined;
      // Callers see this message before they are authenticated, and a query may contain a key.
      const message = `the keys of the identity provider cannot be read [GET ${url.origin}${url.pathname}]`;
      throw new SnapshotError('IDENTITY_UNREACHABLE', message, { retryable: true, cause: error });
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
