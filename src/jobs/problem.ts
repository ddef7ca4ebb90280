import { SnapshotError, type ErrorCode } from '../errors';

/** Problem details of a failed request (RFC 9457); `code` is stable, `detail` is for people. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
}

const STATUSES: Partial<Record<ErrorCode, { readonly status: number; readonly title: string }>> = {
  USAGE_INVALID: { status: 400, title: 'The request is malformed' },
  PAYLOAD_INVALID: { status: 422, title: 'The payload does not fit the job type' },
  WINDOW_INVALID: { status: 422, title: 'The window cannot be sealed' },
  JOB_TYPE_UNKNOWN: { status: 422, title: 'There is no such job type' },
  JOB_NOT_FOUND: { status: 404, title: 'There is no such job' },
  ROUTE_NOT_FOUND: { status: 404, title: 'There is nothing here' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  MEDIA_TYPE_UNSUPPORTED: { status: 415, title: 'The body is not JSON' },
  JOB_CONFLICT: { status: 409, title: 'The job has ended otherwise' },
};

/** The problem of anything thrown. What is no SnapshotError says nothing of itself: it may carry what it should not. */
export function problemOf(error: unknown): Problem {
  const known = error instanceof SnapshotError ? error : fromFastify(error);
  const { code, retryable } = known;
  const unavailable = { status: 503, title: 'A server this one needs is not available' };
  const { status, title } =
    STATUSES[code] ?? (retryable ? unavailable : { status: 500, title: 'Something is wrong here' });
  return { type: 'about:blank', title, status, detail: known.message, code };
}

/** Fastify's own refusals, by its codes. */
function fromFastify(error: unknown): SnapshotError {
  const { code, statusCode } = error as { readonly code?: string; readonly statusCode?: number };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new SnapshotError('BODY_TOO_LARGE', 'the body is larger than 64 KiB');
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new SnapshotError('MEDIA_TYPE_UNSUPPORTED', 'send the body as application/json');
  }
  if (code === 'FST_ERR_VALIDATION') return new SnapshotError('USAGE_INVALID', (error as Error).message);
  if (statusCode === 400)
    return new SnapshotError('USAGE_INVALID', 'the request is not well-formed JSON over HTTP');
  return new SnapshotError('INTERNAL', 'the request failed; the log of the service says why');
}
