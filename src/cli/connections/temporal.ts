import type { Client, Connection } from '@temporalio/client';
import { AuditSnapshotClient } from '../../client';
import { readTemporalConfig } from '../../config';
import type { TemporalConfig } from '../../config/temporal';
import { openConfiguredTemporal } from '../../temporalClient';

export interface OpenTemporal extends AsyncDisposable {
  readonly config: TemporalConfig;
  readonly connection: Connection;
  readonly client: Client;
}

/** The configured Temporal namespace; `await using` closes the connection, and runs continue. TEMPORAL_*, CONFIG_INVALID. */
export async function openTemporal(): Promise<OpenTemporal> {
  const config = readTemporalConfig();
  const { connection, client } = await openConfiguredTemporal(config);
  return { config, connection, client, [Symbol.asyncDispose]: () => connection.close() };
}

/** Our own client on an open Temporal connection, for the task queue of the workers. */
export function snapshotClient({ client, config }: OpenTemporal): AuditSnapshotClient {
  return new AuditSnapshotClient(client, config.taskQueue);
}
