import { setTimeout as delay } from 'node:timers/promises';
import type { AuditSnapshotClient } from '../../client';
import { readDatabaseConfig, readLogConfig, readTemporalConfig } from '../../config';
import { readTogether } from '../../config/problems';
import { findJob, type JobControlDeps } from '../../jobs/jobControl';
import { MongoJobStore } from '../../mongo/jobStore';
import { MongoSnapshotRepository } from '../../mongo/snapshotRepository';
import type { JobAction } from '../../ports/jobStore';
import { AuditService } from '../../services/audit.service';
import { jobAudit } from '../../services/jobAudit';
import { temporalWorkflowStatus } from '../../temporal/workflowStatusReader';
import { currentUser } from '../currentUser';
import { openDatabase } from './database';
import { openTemporal, snapshotClient } from './temporal';

export interface OpenJobControl extends AsyncDisposable {
  readonly deps: JobControlDeps & { readonly jobs: MongoJobStore };
  readonly client: AuditSnapshotClient;
  /** Records the user, in the row of the job and in the audit log, before anything changes. JOB_NOT_FOUND, DATABASE_*. */
  readonly record: (action: JobAction['action'], jobId: string) => Promise<void>;
}

/** What cancelling and retrying jobs needs; `await using` closes the connections. DATABASE_*, TEMPORAL_*, CONFIG_INVALID. */
export async function openJobControl(): Promise<OpenJobControl> {
  const { source } = readTogether({
    database: () => readDatabaseConfig(),
    temporal: () => readTemporalConfig(),
    source: () => readLogConfig(),
  });
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
  const audit = jobAudit(new AuditService(database.connection, source));
  const record = async (action: JobAction['action'], jobId: string): Promise<void> => {
    await findJob(deps, jobId);
    const actor = currentUser();
    await audit.record({ action: action === 'cancel' ? 'job.cancelled' : 'job.retried', jobId, actor });
    await deps.jobs.addAction(jobId, { action, by: actor, at: new Date() });
  };
  const close = async (): Promise<void> => {
    await temporal[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  };
  return { deps, client, record, [Symbol.asyncDispose]: close };
}
