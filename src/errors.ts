/** Every failure a caller can get, by stable code. Codes are public API: add, never rename. */
export const ERROR_CODES = [
  // the request itself
  'USAGE_INVALID',
  'ROUTE_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'BODY_TOO_LARGE',
  'URI_TOO_LONG',
  'HEADERS_TOO_LARGE',
  'MEDIA_TYPE_UNSUPPORTED',
  'REQUEST_TIMEOUT',
  // the caller: identity, permission, rate
  'UNAUTHENTICATED',
  'SCOPE_MISSING',
  'IDENTITY_UNREACHABLE',
  'RATE_LIMITED',
  'OVERLOADED',
  'SHUTTING_DOWN',
  'IDEMPOTENCY_KEY_REUSED',
  'IDEMPOTENCY_IN_FLIGHT',
  // what the request asks for
  'WINDOW_INVALID',
  'PAYLOAD_INVALID',
  'CONFIG_INVALID',
  'ADDRESS_INVALID',
  'ADDRESS_HAS_CREDENTIALS',
  'TLS_FILE_INVALID',
  'LISTEN_FAILED',
  'JOB_TYPE_UNKNOWN',
  'JOB_NOT_FOUND',
  'JOB_CONFLICT',
  'JOB_CANCELLED',
  'JOB_TERMINATED',
  'WAIT_TIMED_OUT',
  'SNAPSHOT_NOT_FOUND',
  'SCHEDULE_NOT_FOUND',
  'SCHEDULE_CONFLICT',
  // ordering and ownership of a snapshot
  'WINDOW_BUSY',
  'LEASE_LOST',
  'SNAPSHOT_SUPERSEDED',
  'SNAPSHOT_CONFLICT',
  'SNAPSHOT_TOO_LARGE',
  'SNAPSHOT_LOST',
  'TAMPER_FOUND',
  'ATTEMPT_TIMED_OUT',
  'JOB_TIMED_OUT',
  'WORKER_DIED',
  'RECORD_IMMUTABLE',
  // the ledger of snapshots
  'LEDGER_BEHIND',
  'LEDGER_FORKED',
  'LEDGER_ROLLED_BACK',
  'LEDGER_ENTRY_INVALID',
  'ORIGIN_MISMATCH',
  'SOURCE_MISMATCH',
  // evidence read from outside
  'EVIDENCE_MALFORMED',
  'EVIDENCE_INVALID',
  'EVIDENCE_INCOMPLETE',
  'DRIFT_FOUND',
  // the four servers
  'DATABASE_HOST_UNKNOWN',
  'DATABASE_UNREACHABLE',
  'DATABASE_UNAUTHORIZED',
  'DATABASE_FAILED',
  'INDEXES_MISSING',
  'INDEX_CONFLICT',
  'STORAGE_UNREACHABLE',
  'STORAGE_UNAUTHORIZED',
  'STORAGE_CREDENTIALS_MISSING',
  'STORAGE_FAILED',
  'STORAGE_NOT_FOUND',
  'STORAGE_CONFLICT',
  'BUCKET_MISSING',
  'BUCKET_WITHOUT_LOCK',
  'BUCKET_WITHOUT_CONDITIONS',
  'LOCK_REFUSED',
  'SIGNER_UNREACHABLE',
  'SIGNER_UNAUTHORIZED',
  'SIGNER_FAILED',
  'SIGNATURE_INVALID',
  'KEY_MISSING',
  'KEY_INVALID',
  'KEY_VERSION_UNAVAILABLE',
  'KEY_NOT_IN_FORCE',
  'TIMESTAMP_FAILED',
  'TEMPORAL_UNREACHABLE',
  'TEMPORAL_UNAUTHORIZED',
  'TEMPORAL_FAILED',
  'SEARCH_ATTRIBUTES_MISSING',
  'PAYLOAD_UNREADABLE',
  'WORKER_UNAVAILABLE',
  'JOB_SERVICE_UNREACHABLE',
  'JOB_SERVICE_REFUSED',
  // the embedded stack
  'TOOLCHAIN_MISSING',
  'INSTALL_FAILED',
  'SERVER_START_FAILED',
  'STACK_BUSY',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface SnapshotErrorOptions {
  /** True when the same call may succeed later although nothing is changed. Default false. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** The only error class of this product. `message` names the object and the next step, never a secret. */
export class SnapshotError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: SnapshotErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SnapshotError';
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/**
 * True for a SnapshotError, with this code if one is given. It checks name and code instead of the class, so it also
 * works where two copies of this package are installed.
 */
export function isSnapshotError<C extends ErrorCode = ErrorCode>(
  thrown: unknown,
  code?: C,
): thrown is SnapshotError & { readonly code: C } {
  if (!(thrown instanceof Error) || thrown.name !== 'SnapshotError' || !('code' in thrown)) return false;
  return code === undefined ? ERROR_CODES.some((known) => known === thrown.code) : thrown.code === code;
}

/** The error for input from outside that is not in its one canonical form: EVIDENCE_MALFORMED. */
export function malformed(what: string, cause?: unknown): SnapshotError {
  return new SnapshotError('EVIDENCE_MALFORMED', what, { cause });
}

/** One issue that a schema found, as `path.to.member: message`; the message alone when the value as a whole is wrong. */
export function formatIssue(issue: {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}): string {
  return [issue.path.map(String).join('.'), issue.message].filter((part) => part !== '').join(': ');
}

/** The text of any thrown value, for a message or a cause; never throws itself. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
