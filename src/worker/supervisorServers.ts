import type { Client } from '@temporalio/client';
import { SnapshotError, messageOf } from '../errors';
import type { NeededServer } from '../monitoring/serverHealth';
import { connectDatabase, type DatabaseConnection } from '../mongo/connection';
import { pingDatabase } from '../mongo/ping';
import type { ObjectStore } from '../ports/objectStore';
import type { Signer } from '../ports/signer';
import { connectObjectStore } from '../storage/minioObjectStore';
import { pingTemporal } from '../temporal/ping';
import { connectSigner } from '../vault/vaultSigner';
import type { ProbeRun } from './probes/probe';
import type { readWorkerSettings } from './settings';

/** The supervisor's own connections, for health and measurements; `await using` closes them. */
export interface SupervisorServers extends AsyncDisposable {
  readonly database: DatabaseConnection;
  readonly store: ObjectStore;
  readonly signer: Signer;
}

const RECONNECT_MS = 15_000;

/**
 * Connects to database, storage and Vault, and tries again until it succeeds: the worker processes seal without these
 * connections. Undefined when `stopping` is aborted before.
 */
export async function connectServers(
  { database, storage, vault }: ReturnType<typeof readWorkerSettings>,
  { stopping, pause, onError, log }: ProbeRun,
): Promise<SupervisorServers | undefined> {
  while (!stopping.aborted) {
    try {
      const signer = await connectSigner(vault);
      const connection = await connectDatabase(database.uri);
      const store = connectObjectStore(storage);
      return { signer, store, database: connection, [Symbol.asyncDispose]: () => connection.close() };
    } catch (error) {
      const code = error instanceof SnapshotError ? error.code : 'INTERNAL';
      onError(code);
      log.warn({ code, reason: messageOf(error) }, 'the supervisor cannot measure anything yet');
      await pause(RECONNECT_MS, stopping);
    }
  }
  return undefined;
}

/** The servers that a worker needs, for `/readyz`. */
export function neededServers(
  { database, store, signer }: SupervisorServers,
  client: Client,
): readonly NeededServer[] {
  return [
    { name: 'mongodb', check: () => pingDatabase(database) },
    { name: 'temporal', check: () => pingTemporal(client) },
    { name: 'vault', check: async () => void (await signer.listKeys()) },
    { name: 'storage', check: () => store.checkBucket() },
  ];
}
