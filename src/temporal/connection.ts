import {
  Client,
  Connection,
  isGrpcServiceError,
  QueryNotRegisteredError,
  QueryRejectedError,
  type ConnectionOptions,
} from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../contract/searchAttributes';
import { SnapshotError, messageOf } from '../errors';

/** `IndexedValueType` of Temporal's API. */
const VALUE_TYPES = { Keyword: 2, Int: 3, Datetime: 6 } as const;
const CONNECT_MS = 10_000;
export const GRPC_NOT_FOUND = 5;
const GRPC_PERMISSION_DENIED = 7;
const GRPC_UNAUTHENTICATED = 16;
/** INVALID_ARGUMENT, ALREADY_EXISTS, FAILED_PRECONDITION, UNIMPLEMENTED: the server was reached and said no. */
const GRPC_REFUSALS = [3, 6, 9, 12];

/** Where Temporal is and how to be let in. */
export interface TemporalAddress {
  /** `host:port` of the frontend. */
  readonly address: string;
  readonly namespace: string;
  /** `true`, or certificates of your own for mutual TLS. Default: TLS with an API key, plain text without one. */
  readonly tls?: ConnectionOptions['tls'] | undefined;
  /** A key, or what gives the one in force at each call. */
  readonly apiKey?: string | (() => string) | undefined;
}

/** Connects and asks for the namespace: TEMPORAL_UNREACHABLE within ten seconds, TEMPORAL_UNAUTHORIZED, TEMPORAL_FAILED. */
export async function connectTemporal(
  where: TemporalAddress,
): Promise<{ connection: Connection; client: Client }> {
  const { address, namespace, tls, apiKey } = where;
  let connection: Connection | undefined;
  try {
    const connected = await Connection.connect({
      address,
      connectTimeout: CONNECT_MS,
      ...(tls === undefined ? {} : { tls }),
      ...(apiKey === undefined ? {} : { apiKey }),
    });
    connection = connected;
    await connected.withDeadline(Date.now() + CONNECT_MS, () =>
      connected.workflowService.describeNamespace({ namespace }),
    );
    return { connection: connected, client: new Client({ connection: connected, namespace }) };
  } catch (error) {
    await connection?.close();
    throw toTemporalError(`Temporal at ${address}, namespace ${namespace}`, error);
  }
}

/** Maps a failed call to TEMPORAL_*; `what` names the object. */
export function toTemporalError(what: string, error: unknown): SnapshotError {
  if (error instanceof SnapshotError) return error;
  const code = grpcCodeOf(error);
  if (code === GRPC_PERMISSION_DENIED || code === GRPC_UNAUTHENTICATED) {
    return new SnapshotError('TEMPORAL_UNAUTHORIZED', `${what}: access refused`, { cause: error });
  }
  if (code === GRPC_NOT_FOUND)
    return new SnapshotError('TEMPORAL_FAILED', `${what}: not found`, { cause: error });
  if (isRefusal(error, code)) {
    return new SnapshotError('TEMPORAL_FAILED', `${what}: refused: ${reasonOf(error)}`, { cause: error });
  }
  const message = `${what}: cannot be reached: ${messageOf(error)}`;
  return new SnapshotError('TEMPORAL_UNREACHABLE', message, { retryable: true, cause: error });
}

function isRefusal(error: unknown, code: number | undefined): boolean {
  if (error instanceof QueryNotRegisteredError || error instanceof QueryRejectedError) return true;
  return code !== undefined && GRPC_REFUSALS.includes(code);
}

/** The gRPC status of a failed call; the client wraps gRPC errors in errors of its own. */
export function grpcCodeOf(error: unknown): number | undefined {
  if (isGrpcServiceError(error)) return error.code;
  return error instanceof Error && error.cause !== undefined ? grpcCodeOf(error.cause) : undefined;
}

/** What the server said; the client's own error around it only names the call. */
function reasonOf(error: unknown): string {
  if (isGrpcServiceError(error)) return error.details;
  return error instanceof Error && error.cause !== undefined ? reasonOf(error.cause) : messageOf(error);
}

/** Registers the search attributes that the namespace lacks; one that is there with another type stays. TEMPORAL_*. */
export async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const missing = await missingSearchAttributes(connection, namespace);
  if (missing.length === 0) return;
  const searchAttributes = Object.fromEntries(missing.map(([name, type]) => [name, VALUE_TYPES[type]]));
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    throw toTemporalError(`search attributes of namespace ${namespace}`, error);
  }
}

/** Search attributes that the namespace lacks, or has with another type, as name and type. */
export async function missingSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<readonly (readonly [string, keyof typeof VALUE_TYPES])[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.entries(SEARCH_ATTRIBUTES).filter(
    ([name, type]) => Number(customAttributes[name]) !== VALUE_TYPES[type],
  );
}
