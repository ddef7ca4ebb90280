import type { Client } from '@temporalio/client';
import type { SealingDeps } from '../sealing/deps';
import { httpJobStore } from '../jobs/httpJobStore';
import { connectObjectStore } from '../storage/minioObjectStore';
import { connectDatabase, ensureIndexes } from '../mongo/connection';
import { temporalWorkflowStatus } from '../temporal/workflowStatusReader';
import { tsaClient } from '../tsa/tsaClient';
import { connectSigner } from '../vault/vaultSigner';
import type {
  readDatabaseConfig,
  readReportingConfig,
  SealingConfig,
  StorageConfig,
  VaultConfig,
} from '../config';
import type { JobReporter } from '../ports/jobReporter';
import { MongoLedgerSequencer } from '../mongo/ledgerSequencer';
import { AssetService } from '../services/asset.service';
import { AuditService } from '../services/audit.service';
import { MongoJobStore } from '../mongo/jobStore';
import { MongoSnapshotRepository } from '../mongo/snapshotRepository';
import { MongoWindowLeaseStore } from '../mongo/windowLeaseStore';
import { SOFTWARE } from '../version';

export interface DepsConfig {
  readonly database: ReturnType<typeof readDatabaseConfig>;
  readonly storage: StorageConfig;
  readonly vault: VaultConfig;
  readonly sealing: SealingConfig;
  readonly jobService: ReturnType<typeof readReportingConfig>;
}

/**
 * Connects everything the activities work with. Bucket and key are checked before the first write (the indexes):
 * DATABASE_*, BUCKET_*, STORAGE_*, KEY_*, SIGNER_*.
 */
export async function compose(
  config: DepsConfig,
  client: Client,
): Promise<{ deps: SealingDeps; close: () => Promise<void> }> {
  const store = connectObjectStore(config.storage);
  await store.checkBucket();
  const signer = await connectSigner(config.vault);
  await signer.listKeys();
  const connection = await connectDatabase(config.database.uri);
  await ensureIndexes(connection);
  const rows = new MongoJobStore(connection);
  const { url, token } = config.jobService;
  const jobs: JobReporter =
    url === undefined
      ? rows
      : { ensure: (input, asOfMs) => rows.ensure(input, asOfMs), report: httpJobStore(url, token).report };
  const deps: SealingDeps = {
    records: new AuditService(connection),
    store,
    signer,
    snapshots: new MongoSnapshotRepository(connection),
    leases: new MongoWindowLeaseStore(connection, config.sealing.origin),
    timestamper: config.sealing.tsaUrl === undefined ? undefined : tsaClient(config.sealing.tsaUrl),
    assets: new AssetService(connection),
    ledger: new MongoLedgerSequencer(connection, config.sealing.origin),
    jobs,
    workflowStatus: temporalWorkflowStatus(client),
    clock: { nowMs: () => Date.now() },
    settings: { ...config.sealing, software: SOFTWARE },
  };
  return { deps, close: () => connection.close() };
}
