import { createSecureContext } from 'node:tls';
import type { z } from 'zod';
import { endpointOf, type EndpointAddress } from './endpoint';
import { configError, invalid } from './problems';
import type { VARIABLES } from './schema';

type JobServiceSettings = z.output<z.ZodObject<typeof VARIABLES.jobService>>;

/** Certificates and key of the job service, in PEM format. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** If set, a client must have a certificate of this authority. */
  readonly clientCa: string | undefined;
}

export interface JobServiceConfig {
  readonly host: string;
  readonly port: number;
  readonly authentication: {
    /** JSON list of hashed keys. */
    readonly keys: string | undefined;
    readonly jwt:
      | {
          readonly jwksUrl: string;
          readonly issuer: string;
          readonly audience: string;
          readonly tenantClaim: string;
        }
      | undefined;
  };
  readonly limits: { readonly requestsPerMinute: number; readonly submissionsPerMinute: number };
  readonly idempotencyHours: number;
  /** Which jobs a caller sees. */
  readonly visibility: 'all' | 'tenant' | 'own';
  /** Whether submitting, cancelling and retrying a job is written to the audit log. */
  readonly auditEntries: boolean;
  /** Undefined: plain HTTP, for a proxy or a service mesh with TLS. */
  readonly tls: TlsFiles | undefined;
  /** Origin of the Web UI, whose pages may use the codec endpoint. */
  readonly codecOrigin?: string | undefined;
  /** Time between turning unready and closing the listener, for load balancers to notice. */
  readonly drainMs: number;
  /** Undefined: no metrics are served. */
  readonly metrics: EndpointAddress | undefined;
}

/** CONFIG_INVALID unless callers are authenticated, or authentication is turned off for development, on loopback. */
export function jobServiceConfigOf(service: JobServiceSettings): JobServiceConfig {
  const authentication = { keys: service.JOB_SERVICE_KEYS, jwt: jwtOf(service) };
  const authenticated = authentication.keys !== undefined || authentication.jwt !== undefined;
  const insecure = service.JOB_SERVICE_INSECURE_NO_AUTH === 'true';
  if (!authenticated && !insecure) {
    throw invalid(
      'the job service has no authentication: set JOB_SERVICE_KEYS_FILE (hashed keys), or JOB_SERVICE_JWKS_URL with JOB_SERVICE_JWT_ISSUER and JOB_SERVICE_JWT_AUDIENCE; on a developer machine JOB_SERVICE_INSECURE_NO_AUTH=true turns it off',
    );
  }
  if (authenticated && insecure)
    throw invalid(
      'JOB_SERVICE_INSECURE_NO_AUTH contradicts the authentication that is configured; remove one of them',
    );
  if (insecure && !LOOPBACK.has(service.HOST))
    throw invalid(`JOB_SERVICE_INSECURE_NO_AUTH needs a loopback HOST, not ${service.HOST}`);
  return {
    host: service.HOST,
    port: service.PORT,
    authentication,
    limits: {
      requestsPerMinute: service.JOB_SERVICE_REQUESTS_PER_MINUTE,
      submissionsPerMinute: service.JOB_SERVICE_SUBMISSIONS_PER_MINUTE,
    },
    idempotencyHours: service.JOB_SERVICE_IDEMPOTENCY_HOURS,
    visibility: service.JOB_SERVICE_VISIBILITY,
    auditEntries: service.JOB_SERVICE_AUDIT_ENTRIES === 'true',
    tls: tlsOf(service),
    codecOrigin: service.JOB_SERVICE_CODEC_ORIGIN,
    drainMs: service.JOB_SERVICE_DRAIN_SECONDS * 1000,
    metrics: endpointOf('JOB_SERVICE_METRICS_PORT', service.JOB_SERVICE_METRICS_PORT, service.HOST),
  };
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);

function jwtOf({
  JOB_SERVICE_JWKS_URL: jwksUrl,
  JOB_SERVICE_JWT_ISSUER: issuer,
  JOB_SERVICE_JWT_AUDIENCE: audience,
  JOB_SERVICE_JWT_TENANT_CLAIM: tenantClaim,
}: JobServiceSettings) {
  const given = [jwksUrl, issuer, audience].filter((value) => value !== undefined);
  if (given.length === 0) return undefined;
  if (jwksUrl === undefined || issuer === undefined || audience === undefined) {
    const names = 'JOB_SERVICE_JWKS_URL, JOB_SERVICE_JWT_ISSUER and JOB_SERVICE_JWT_AUDIENCE';
    throw invalid(`${names} must be set together`);
  }
  const { protocol, hostname } = new URL(jwksUrl);
  // The sender of the response decides which tokens are accepted.
  if (protocol !== 'https:' && !LOOPBACK.has(hostname.replaceAll(/[[\]]/g, '')))
    throw invalid('JOB_SERVICE_JWKS_URL must be https://');
  return { jwksUrl, issuer, audience, tenantClaim };
}

/** TLS_FILE_INVALID when certificate and key do not belong together. */
function tlsOf({
  JOB_SERVICE_TLS_CERT: cert,
  JOB_SERVICE_TLS_KEY: key,
  JOB_SERVICE_TLS_CLIENT_CA: clientCa,
}: JobServiceSettings): TlsFiles | undefined {
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined;
  if (cert === undefined || key === undefined)
    throw invalid('JOB_SERVICE_TLS_CERT and JOB_SERVICE_TLS_KEY must be set together');
  try {
    createSecureContext({ cert, key });
  } catch {
    // The message of OpenSSL adds nothing, and must never quote a key.
    const message = 'JOB_SERVICE_TLS_KEY is not the private key of JOB_SERVICE_TLS_CERT, in PEM format';
    throw configError([{ code: 'TLS_FILE_INVALID', message }]);
  }
  return { cert, key, clientCa };
}
