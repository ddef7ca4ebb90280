import { Client, Connection, isGrpcServiceError } from '@temporalio/client';
import type { TemporalConfig } from '../config';
import { SEARCH_ATTRIBUTES } from '../contract/searchAttributes';
import { SnapshotError, messageOf } from '../errors';

/** `IndexedValueType` of Temporal's API. */
const VALUE_TYPES = { Keyword: 2, Int: 3, Datetime: 6 } as const;
const CONNECT_MS = 10_000;
const GRPC_NOT_FOUND = 5;
const GRPC_PERMISSION_DENIED = 7;
const GRPC_UNAUTHENTICATED = 16;

/** Connects and asks for the namespace: TEMPORAL_UNREACHABLE within ten seconds, TEMPORAL_UNAUTHORIZED, CONFIG_INVALID. */
export async function connectTemporal(
  config: TemporalConfig,
): Promise<{ connection: Connection; client: Client }> {
  const { address, namespace } = config;
  let connection: Connection | undefined;
  try {
    const connected = await Connection.connect({ address, connectTimeout: CONNECT_MS });
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
  const message = `${what}: cannot be reached: ${messageOf(error)}`;
  return new SnapshotError('TEMPORAL_UNREACHABLE', message, { retryable: true, cause: error });
}

/** The client wraps gRPC errors in errors of its own. */
function grpcCodeOf(error: unknown): number | undefined {
  if (isGrpcServiceError(error)) return error.code;
  return error instanceof Error && error.cause !== undefined ? grpcCodeOf(error.cause) : undefined;
}

/** Search attributes that the namespace lacks, or has with another type, as name and type. */
export async function missingSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<readonly (readonly [string, string])[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.entries(SEARCH_ATTRIBUTES).filter(
    ([name, type]) => Number(customAttributes[name]) !== VALUE_TYPES[type],
  );
}
