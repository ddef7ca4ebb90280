import { setTimeout as delay } from 'node:timers/promises';
import type { AuditSnapshotClient } from '../../client';
import { readDatabaseConfig, readTemporalConfig } from '../../config';
import { readTogether } from '../../config/problems';
import type { JobControlDeps } from '../../jobs/jobControl';
import { MongoJobStore } from '../../mongo/jobStore';
import { MongoSnapshotRepository } from '../../mongo/snapshotRepository';
import { temporalWorkflowStatus } from '../../temporal/workflowStatusReader';
import { openDatabase } from './database';
import { openTemporal, snapshotClient } from './temporal';

export interface OpenJobControl extends AsyncDisposable {
  readonly deps: JobControlDeps & { readonly jobs: MongoJobStore };
  readonly client: AuditSnapshotClient;
}

/** What cancelling and retrying jobs needs; `await using` closes the connections. DATABASE_*, TEMPORAL_*, CONFIG_INVALID. */
export async function openJobControl(): Promise<OpenJobControl> {
  readTogether({ database: () => readDatabaseConfig(), temporal: () => readTemporalConfig() });
  const temporal = await openTemporal();
  const database = await openDatabase();
  const client = snapshotClient(temporal);
  const deps = {
    jobs: new MongoJobStore(database.connection),
    snapshotRows: new MongoSnapshotRepository(database.connection),
    snapshots: {
      start: (input: Parameters<AuditSnapshotClient['start']>[0]) => client.start(input),
      cancel: (jobId: string) => client.attach(jobId).cancel(),
    },
    workflowStatus: temporalWorkflowStatus(temporal.client),
    nowMs: () => Date.now(),
    pause: (ms: number) => delay(ms),
  };
  const close = async (): Promise<void> => {
    await temporal[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  };
  return { deps, client, [Symbol.asyncDispose]: close };
}
