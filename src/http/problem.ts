import { SnapshotError, type ErrorCode } from '../errors';

/** Problem details of a failed request (RFC 9457); `code` is stable, `detail` is for people. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  /** The request, as the log of the service names it. */
  readonly instance?: string;
}

export const PROBLEM_TYPE = 'application/problem+json';

type Kind = readonly [status: number, title: string];

const KINDS: Partial<Record<ErrorCode, Kind>> = {
  USAGE_INVALID: [400, 'The request is malformed'],
  UNAUTHENTICATED: [401, 'Who asks is not known'],
  SCOPE_MISSING: [403, 'The token does not allow this'],
  JOB_NOT_FOUND: [404, 'There is no such job'],
  ROUTE_NOT_FOUND: [404, 'There is nothing here'],
  METHOD_NOT_ALLOWED: [405, 'This cannot be done here'],
  REQUEST_TIMEOUT: [408, 'The request took too long to arrive'],
  JOB_CONFLICT: [409, 'The job has ended otherwise'],
  IDEMPOTENCY_IN_FLIGHT: [409, 'The first request with this key is being answered'],
  BODY_TOO_LARGE: [413, 'The body is too large'],
  URI_TOO_LONG: [414, 'The address is too long'],
  MEDIA_TYPE_UNSUPPORTED: [415, 'The body is not JSON'],
  PAYLOAD_INVALID: [422, 'The payload does not fit the job type'],
  WINDOW_INVALID: [422, 'The window cannot be sealed'],
  JOB_TYPE_UNKNOWN: [422, 'There is no such job type'],
  IDEMPOTENCY_KEY_REUSED: [422, 'The key belongs to another request'],
  RATE_LIMITED: [429, 'Too many requests'],
  HEADERS_TOO_LARGE: [431, 'The headers are too large'],
};

const UNAVAILABLE: Kind = [503, 'A server this one needs is not available'];
const AT_CAPACITY: Kind = [503, 'The service has too much to do'];
const LEAVING: Kind = [503, 'The service is shutting down'];
const BROKEN: Kind = [500, 'Something is wrong here'];

/** The problem of anything thrown. What is no SnapshotError says nothing of itself: it may carry what it should not. */
export function problemOf(error: unknown): Problem {
  const known = error instanceof SnapshotError ? error : fromFastify(error);
  const [status, title] = kindOf(known);
  return {
    type: `urn:audit-snapshot:problem:${known.code}`,
    title,
    status,
    detail: known.message,
    code: known.code,
  };
}

function kindOf({ code, retryable }: SnapshotError): Kind {
  if (code === 'OVERLOADED') return AT_CAPACITY;
  if (code === 'SHUTTING_DOWN') return LEAVING;
  return KINDS[code] ?? (retryable ? UNAVAILABLE : BROKEN);
}

/** Fastify's own refusals, by its codes. */
const REFUSALS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['BODY_TOO_LARGE', 'the body is larger than 64 KiB'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['MEDIA_TYPE_UNSUPPORTED', 'send the body as application/json'],
  FST_ERR_BAD_URL: ['USAGE_INVALID', 'the address has a percent sign that escapes nothing'],
  FST_ERR_MAX_PARAM_LENGTH: ['URI_TOO_LONG', 'a part of the address is longer than any id'],
};

function fromFastify(error: unknown): SnapshotError {
  const { code = '', statusCode } = error as { readonly code?: string; readonly statusCode?: number };
  const refusal = REFUSALS[code];
  if (refusal) return new SnapshotError(...refusal);
  if (code === 'FST_ERR_VALIDATION') return new SnapshotError('USAGE_INVALID', (error as Error).message);
  if (statusCode === 400)
    return new SnapshotError('USAGE_INVALID', 'the request is not well-formed JSON over HTTP');
  return new SnapshotError('INTERNAL', 'the request failed; the log of the service says why');
}
