import { isGrpcServiceError, QueryNotRegisteredError, QueryRejectedError } from '@temporalio/client';
import { SnapshotError, messageOf } from '../errors';

/** The gRPC status codes that are told apart here (https://grpc.io/docs/guides/status-codes/). */
export const GRPC_STATUS = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  FAILED_PRECONDITION: 9,
  UNIMPLEMENTED: 12,
  UNAUTHENTICATED: 16,
} as const;

const UNAUTHORIZED: readonly number[] = [GRPC_STATUS.PERMISSION_DENIED, GRPC_STATUS.UNAUTHENTICATED];
/** The server was reached and rejected the call: the same call fails again. */
const REJECTED: readonly number[] = [
  GRPC_STATUS.INVALID_ARGUMENT,
  GRPC_STATUS.ALREADY_EXISTS,
  GRPC_STATUS.FAILED_PRECONDITION,
  GRPC_STATUS.UNIMPLEMENTED,
];

/** In the words of the servers, which answer an unregistered search attribute with INVALID_ARGUMENT. */
const ATTRIBUTE_UNKNOWN =
  /no mapping defined for search attribute|search attribute \S+ is not (defined|registered|valid)/i;

/** In the words of the SDK, for a payload that the codec of src/temporal/payloadCodec.ts has encrypted. */
const ENCRYPTED = /Unknown encoding: binary\/encrypted/;

/** In the words of gRPC for a key or header that cannot be sent. The rest of the text is its value. */
const UNSENDABLE = /Metadata string value "/;

/** Maps a failed call to TEMPORAL_*, SEARCH_ATTRIBUTES_MISSING or PAYLOAD_UNREADABLE; `what` names the object in the message. A SnapshotError stays as it is. */
export function toTemporalError(what: string, error: unknown): SnapshotError {
  if (error instanceof SnapshotError) return error;
  if (UNSENDABLE.test(messageOf(error))) {
    const message = `${what}: the API key or a gRPC header contains a character that no header may have`;
    return new SnapshotError('TEMPORAL_UNAUTHORIZED', message);
  }
  const status = grpcStatusOf(error);
  if (status !== undefined && UNAUTHORIZED.includes(status))
    return new SnapshotError('TEMPORAL_UNAUTHORIZED', `${what}: access denied`, { cause: error });
  if (status === GRPC_STATUS.NOT_FOUND)
    return new SnapshotError('TEMPORAL_FAILED', `${what}: not found`, { cause: error });
  if (status === GRPC_STATUS.INVALID_ARGUMENT && ATTRIBUTE_UNKNOWN.test(grpcDetailsOf(error))) {
    const message = `${what}: ${grpcDetailsOf(error)}; register the search attributes with: audit-snapshot doctor --fix`;
    return new SnapshotError('SEARCH_ATTRIBUTES_MISSING', message, { cause: error });
  }
  if (ENCRYPTED.test(messageOf(error))) {
    const message = `${what}: its payloads are encrypted; set TEMPORAL_CODEC_SECRET as for the worker`;
    return new SnapshotError('PAYLOAD_UNREADABLE', message, { cause: error });
  }
  if (isRejection(error, status)) {
    const message = `${what}: rejected by Temporal: ${grpcDetailsOf(error)}`;
    return new SnapshotError('TEMPORAL_FAILED', message, { cause: error });
  }
  const message = `${what}: Temporal cannot be reached: ${messageOf(error)}`;
  return new SnapshotError('TEMPORAL_UNREACHABLE', message, { retryable: true, cause: error });
}

function isRejection(error: unknown, status: number | undefined): boolean {
  if (error instanceof QueryNotRegisteredError || error instanceof QueryRejectedError) return true;
  return status !== undefined && REJECTED.includes(status);
}

/** The gRPC status of a failed call, undefined without one. The SDK wraps gRPC errors in its own. */
export function grpcStatusOf(error: unknown): number | undefined {
  if (isGrpcServiceError(error)) return error.code;
  return error instanceof Error && error.cause !== undefined ? grpcStatusOf(error.cause) : undefined;
}

/** The server's own words; the SDK's error around them only names the call. */
export function grpcDetailsOf(error: unknown): string {
  if (isGrpcServiceError(error)) return error.details;
  return error instanceof Error && error.cause !== undefined ? grpcDetailsOf(error.cause) : messageOf(error);
}
