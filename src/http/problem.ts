import { SnapshotError, type ErrorCode } from '../errors';

/** Problem details of a failed request (RFC 9457); `code` is stable, `detail` is for people. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  /** The request id, under which the log of the service has the request. */
  readonly instance?: string;
}

export const PROBLEM_TYPE = 'application/problem+json';

type Kind = readonly [status: number, title: string];

/** Status and title by code: the only place that decides either. The OpenAPI document reads them from here. */
const KINDS = {
  USAGE_INVALID: [400, 'The request is malformed'],
  UNAUTHENTICATED: [401, 'The request has no valid bearer token'],
  SCOPE_MISSING: [403, 'The token lacks the required scope'],
  JOB_NOT_FOUND: [404, 'The job does not exist'],
  ROUTE_NOT_FOUND: [404, 'The route does not exist'],
  METHOD_NOT_ALLOWED: [405, 'The route does not support this method'],
  REQUEST_TIMEOUT: [408, 'The request took too long to arrive'],
  JOB_CONFLICT: [409, 'The state of the job does not allow this'],
  SNAPSHOT_LOST: [409, 'The database has lost the outcome of the job'],
  IDEMPOTENCY_IN_FLIGHT: [409, 'The first request with this key is still in progress'],
  BODY_TOO_LARGE: [413, 'The body is too large'],
  URI_TOO_LONG: [414, 'The URL is too long'],
  MEDIA_TYPE_UNSUPPORTED: [415, 'The body is not JSON'],
  PAYLOAD_INVALID: [422, 'The payload does not fit the job type'],
  WINDOW_INVALID: [422, 'The window cannot be sealed'],
  JOB_TYPE_UNKNOWN: [422, 'The job type does not exist'],
  IDEMPOTENCY_KEY_REUSED: [422, 'The idempotency key belongs to another request'],
  RATE_LIMITED: [429, 'Too many requests'],
  HEADERS_TOO_LARGE: [431, 'The headers are too large'],
  OVERLOADED: [503, 'The service is overloaded'],
  SHUTTING_DOWN: [503, 'The service is shutting down'],
} as const satisfies Partial<Record<ErrorCode, Kind>>;

const UNAVAILABLE = [503, 'A required server is unavailable'] as const;
const INTERNAL = [500, 'The service failed'] as const;

/** Codes that belong to the request itself; any other code is a failure of the service or of a server it needs. */
export type RequestErrorCode = keyof typeof KINDS;

/** Status and title of a code; of a code that is not about the request, by whether a later try may succeed. */
export function problemKind(code: ErrorCode, retryable: boolean): Kind {
  const kinds: Partial<Record<ErrorCode, Kind>> = KINDS;
  return kinds[code] ?? (retryable ? UNAVAILABLE : INTERNAL);
}

/** The status of a code of KINDS, for the types of documented responses. */
export type StatusOf<C extends RequestErrorCode> = (typeof KINDS)[C][0];

/**
 * The problem of anything that was thrown. An error that is not a SnapshotError contributes nothing of itself: its message
 * may hold what must not be shown.
 */
export function problemOf(thrown: unknown): Problem {
  const error = thrown instanceof SnapshotError ? thrown : fromFastify(thrown);
  const [status, title] = problemKind(error.code, error.retryable);
  return {
    type: `urn:audit-snapshot:problem:${error.code}`,
    title,
    status,
    detail: isOfRequest(error.code) ? error.message : serverDetail(error.code),
    code: error.code,
  };
}

function isOfRequest(code: ErrorCode): boolean {
  return code in KINDS;
}

/** The part of the service that an error is about, by the beginning of its code. Messages name hosts, buckets and keys. */
const SERVERS: readonly (readonly [prefix: string, name: string])[] = [
  ['DATABASE', 'the database'],
  ['INDEX', 'the database'],
  ['TEMPORAL', 'Temporal'],
  ['WORKER', 'the workers'],
  ['IDENTITY', 'the identity provider'],
  ['SIGNER', 'Vault'],
  ['PAYLOAD', 'Vault'],
];

function serverDetail(code: ErrorCode): string {
  const server = SERVERS.find(([prefix]) => code.startsWith(prefix))?.[1];
  const what = server === undefined ? 'the request failed' : `${server} did not answer properly`;
  return `${what}; the log of the service has the reason`;
}

/** Errors of Fastify itself, by its codes. */
const FASTIFY_ERRORS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['BODY_TOO_LARGE', 'the body is larger than 64 KiB'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['MEDIA_TYPE_UNSUPPORTED', 'send the body as application/json'],
  FST_ERR_BAD_URL: ['USAGE_INVALID', 'the URL has a percent sign that escapes nothing'],
  FST_ERR_MAX_PARAM_LENGTH: ['URI_TOO_LONG', 'a segment of the URL is longer than any id'],
};

function fromFastify(thrown: unknown): SnapshotError {
  const { code = '', statusCode } = thrown as { readonly code?: string; readonly statusCode?: number };
  const known = FASTIFY_ERRORS[code];
  if (known) return new SnapshotError(...known);
  if (code === 'FST_ERR_VALIDATION') return new SnapshotError('USAGE_INVALID', (thrown as Error).message);
  if (statusCode === 400)
    return new SnapshotError('USAGE_INVALID', 'the request is not well-formed JSON over HTTP');
  return new SnapshotError('INTERNAL', 'the request failed; the log of the service has the reason');
}
