import type { Client } from '@temporalio/client';
import type { ActivityDeps } from '../activities/deps';
import { httpJobDesk } from './adapters/httpJobDesk';
import { connectObjectStore } from './adapters/minioObjectStore';
import { connectDatabase, ensureIndexes } from './adapters/mongoConnection';
import { temporalDirectory } from './adapters/temporalDirectory';
import { tsaClient } from './adapters/tsaClient';
import { connectSigner } from './adapters/vaultSigner';
import type {
  readDatabaseConfig,
  readReportingConfig,
  SealingConfig,
  StorageConfig,
  VaultConfig,
} from './config';
import type { JobDesk } from './ports';
import { MongoLedgerBook } from './services/ledgerBook';
import { AssetService } from './services/asset.service';
import { AuditService } from './services/audit.service';
import { MongoJobDesk } from './services/jobDesk';
import { MongoSnapshotRepository } from './services/snapshot.repository';
import { MongoWindowLeases } from './services/windowLeases';
import { SOFTWARE } from './software';

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
export async function connectDeps(
  config: DepsConfig,
  client: Client,
): Promise<{ deps: ActivityDeps; close: () => Promise<void> }> {
  const store = connectObjectStore(config.storage);
  await store.checkBucket();
  const signer = await connectSigner(config.vault);
  await signer.listKeys();
  const connection = await connectDatabase(config.database.uri);
  await ensureIndexes(connection);
  const rows = new MongoJobDesk(connection);
  const { url, token } = config.jobService;
  const jobs: JobDesk =
    url === undefined
      ? rows
      : { ensure: (input, asOfMs) => rows.ensure(input, asOfMs), report: httpJobDesk(url, token).report };
  const deps: ActivityDeps = {
    records: new AuditService(connection),
    store,
    signer,
    snapshots: new MongoSnapshotRepository(connection),
    leases: new MongoWindowLeases(connection, config.sealing.origin),
    timestamper: config.sealing.tsaUrl === undefined ? undefined : tsaClient(config.sealing.tsaUrl),
    assets: new AssetService(connection),
    ledger: new MongoLedgerBook(connection, config.sealing.origin),
    jobs,
    directory: temporalDirectory(client),
    clock: { nowMs: () => Date.now() },
    settings: { ...config.sealing, software: SOFTWARE },
  };
  return { deps, close: () => connection.close() };
}
