import type { Client } from '@temporalio/client';
import type { readDatabaseConfig, readReportingConfig, SealingConfig, StorageConfig } from '../config';
import type { VaultConfig } from '../config/vault';
import { httpJobReporter } from '../jobs/httpJobReporter';
import { connectDatabase, type DatabaseConnection } from '../mongo/connection';
import { requireOrdinaryCollections } from '../mongo/collectionKinds';
import { requireIndexes } from '../mongo/indexes';
import { MongoJobStore } from '../mongo/jobStore';
import { MongoLedgerSequencer } from '../mongo/ledgerSequencer';
import { listOrigins } from '../mongo/origins';
import { MongoSnapshotRepository } from '../mongo/snapshotRepository';
import { MongoWindowLeaseStore } from '../mongo/windowLeaseStore';
import type { JobReporter } from '../ports/jobReporter';
import type { ObjectStore } from '../ports/objectStore';
import type { SealingMetrics } from '../ports/sealingMetrics';
import type { SealingDeps } from '../sealing/deps';
import { LedgerIndex } from '../sealing/ledgerIndex';
import { originOfBucket, requireOneOrigin } from '../sealing/ownOrigin';
import { requireLedgerSource } from '../sealing/ownSource';
import { AssetService } from '../services/asset.service';
import { AuditService } from '../services/audit.service';
import { WriteCheckService } from '../services/writeCheck.service';
import { connectObjectStore } from '../storage/minioObjectStore';
import { probeStart } from '../storage/startProbe';
import { temporalWorkflowStatus } from '../temporal/workflowStatusReader';
import { tsaClient } from '../tsa/tsaClient';
import { checkSigner } from '../vault/checkSigner';
import { connectSigner } from '../vault/vaultSigner';
import { SOFTWARE } from '../version';

type ReportingConfig = ReturnType<typeof readReportingConfig>;

export interface DepsConfig {
  readonly database: ReturnType<typeof readDatabaseConfig>;
  readonly storage: StorageConfig;
  readonly vault: VaultConfig;
  readonly sealing: SealingConfig;
  readonly jobService: ReportingConfig;
}

/** Gets what weakens the installation without making its evidence invalid. */
export interface ComposeLog {
  readonly warn: (facts: object, message: string) => void;
}

/** What the activities work with; `await using` closes the database connection under it. */
export interface ComposedDeps extends AsyncDisposable {
  readonly deps: SealingDeps;
}

/**
 * Connects everything that the activities work with, and writes nothing but the probe object of the bucket. Bucket, key and indexes are checked: DATABASE_*,
 * INDEX*, ORIGIN_MISMATCH, SOURCE_MISMATCH, BUCKET_*, STORAGE_*, KEY_*, SIGNER_*.
 */
export async function compose(
  config: DepsConfig,
  client: Client,
  log?: ComposeLog,
  metrics?: SealingMetrics,
): Promise<ComposedDeps> {
  const store = connectObjectStore(config.storage);
  await store.checkBucket();
  await probeStart(config.storage, Date.now());
  const signer = await connectSigner(config.vault);
  await checkSigner(signer);
  for (const { found, advice } of await signer.keyWarnings())
    log?.warn({ key: config.vault.key, advice }, found);
  const database = await connectDatabase(config.database.uri);
  await requireOrdinaryCollections(database, config.sealing.source);
  await requireIndexes(database, 'worker', config.sealing.source);
  await requireOrigin(config.sealing.origin, store, database);

  const { origin, source, tsaUrl, tsaCa } = config.sealing;
  const ledger = new MongoLedgerSequencer(database, origin);
  const snapshots = new MongoSnapshotRepository(database);
  await requireLedgerSource({ ledger, snapshots }, source);
  const deps: SealingDeps = {
    records: new AuditService(database, source),
    store,
    signer,
    snapshots,
    leases: new MongoWindowLeaseStore(database, origin),
    timestamper: tsaUrl === undefined ? undefined : tsaClient(tsaUrl, { ca: tsaCa }),
    assets: new AssetService(database),
    ledger,
    ledgerIndex: new LedgerIndex(),
    jobs: jobReporter(database, config.jobService),
    writeCheck: new WriteCheckService(database, source),
    workflowStatus: temporalWorkflowStatus(client),
    metrics,
    clock: { nowMs: () => Date.now() },
    settings: { ...config.sealing, software: SOFTWARE },
  };
  return { deps, [Symbol.asyncDispose]: () => database.close() };
}

async function requireOrigin(
  origin: string,
  store: ObjectStore,
  database: DatabaseConnection,
): Promise<void> {
  const [bucket, origins] = [await originOfBucket(store), await listOrigins(database)];
  requireOneOrigin(origin, { bucket, database: origins });
}

/** Job rows are created in the database; outcomes go to the job service where one is configured. */
function jobReporter(database: DatabaseConnection, { url, token }: ReportingConfig): JobReporter {
  const rows = new MongoJobStore(database);
  if (url === undefined) return rows;
  return {
    ensure: (input, asOfMs) => rows.ensure(input, asOfMs),
    report: httpJobReporter(url, token).report,
  };
}
