import {
  Client,
  Connection,
  type ConnectionOptions,
  type WorkflowClientInterceptor,
} from '@temporalio/client';
import type { PayloadCodec } from '@temporalio/common';
import { SnapshotError } from '../errors';
import { toTemporalError } from './errors';

// This room is everything that talks to Temporal outside of a workflow: the connection, error translation in both
// directions (errors.ts, activityFailure.ts), heartbeats, Schedules, and recovery from dead workers. The client library
// loads this file and errors.ts and nothing else of the room, so they import Temporal's client alone.

const CONNECT_MS = 10_000;

/** Where Temporal is, and the credentials for it. */
export interface TemporalAddress {
  /** `host:port` of the frontend. */
  readonly address: string;
  readonly namespace: string;
  /** `true`, or your own certificates for mutual TLS. Default: TLS with an API key, plain text without one. */
  readonly tls?: ConnectionOptions['tls'] | undefined;
  /** A key, or a function that returns the current one and is asked at each call. */
  readonly apiKey?: string | (() => string) | undefined;
  /** gRPC headers that are sent with every call. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Encrypts and decrypts payloads; the one of the workers. */
  readonly payloadCodec?: PayloadCodec | undefined;
  /** Sees every call that the client makes for a workflow. */
  readonly interceptor?: WorkflowClientInterceptor | undefined;
}

/** An open connection and a client on it, to be closed by `await using` or by `connection.close()`. */
export interface TemporalConnection extends AsyncDisposable {
  readonly connection: Connection;
  readonly client: Client;
}

/** Connects and reads the namespace: TEMPORAL_UNREACHABLE within ten seconds, TEMPORAL_UNAUTHORIZED, TEMPORAL_FAILED, ADDRESS_HAS_CREDENTIALS. */
export async function connectTemporal(target: TemporalAddress): Promise<TemporalConnection> {
  const { address, namespace, tls, apiKey, metadata, payloadCodec, interceptor } = target;
  // Errors and logs show the address. Settings are checked before; this is for callers of the client library.
  if (address.includes('@')) {
    const message =
      'the address of Temporal contains a user, a password or an "@"; addresses are shown, so remove it';
    throw new SnapshotError('ADDRESS_HAS_CREDENTIALS', message);
  }
  let opened: Connection | undefined;
  try {
    // Not `Connection.connect`: a connection that fails could then not be closed, and would keep trying.
    const connection = Connection.lazy({
      address,
      connectTimeout: CONNECT_MS,
      ...(tls === undefined ? {} : { tls }),
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(metadata === undefined ? {} : { metadata: { ...metadata } }),
    });
    opened = connection;
    await connection.ensureConnected();
    await connection.withDeadline(Date.now() + CONNECT_MS, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    const client = new Client({
      connection,
      namespace,
      ...(payloadCodec === undefined ? {} : { dataConverter: { payloadCodecs: [payloadCodec] } }),
      ...(interceptor === undefined ? {} : { interceptors: { workflow: [interceptor] } }),
    });
    return { connection, client, [Symbol.asyncDispose]: () => connection.close() };
  } catch (error) {
    await opened?.close();
    throw toTemporalError(describeTarget(target), error);
  }
}

/** Names the server and how it is reached: a server that expects TLS answers nothing to a connection in plain text. */
export function describeTarget({ address, namespace, tls, apiKey }: TemporalAddress): string {
  const encrypted = tls ?? apiKey !== undefined;
  const certificate = typeof tls === 'object' && tls?.clientCertPair ? ' with a client certificate' : '';
  const key = apiKey === undefined ? '' : ', with an API key';
  return `Temporal at ${address} (${encrypted ? `TLS${certificate}` : 'without TLS'}${key}), namespace ${namespace}`;
}
