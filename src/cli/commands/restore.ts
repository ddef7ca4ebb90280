import type { Command } from 'commander';
import type { Connection } from 'mongoose';
import { readDatabaseConfig, readSealingConfig, readStorageConfig, readVaultConfig } from '../../config';
import { readTogether } from '../../config/problems';
import type { AuditSnapshotResult } from '../../contract/snapshot';
import { SnapshotError } from '../../errors';
import { MongoJobStore } from '../../mongo/jobStore';
import { MongoLedgerSequencer } from '../../mongo/ledgerSequencer';
import { MongoSealedRecordInserter } from '../../mongo/restoreRecords';
import { MongoSnapshotRepository } from '../../mongo/snapshotRepository';
import { MongoSnapshotRestorer } from '../../mongo/snapshotRestorer';
import { MongoWindowLeaseStore } from '../../mongo/windowLeaseStore';
import { LedgerIndex } from '../../sealing/ledgerIndex';
import { listLost, restoreEvidence, type EvidenceRestoreDeps } from '../../sealing/restoreEvidence';
import { AssetService } from '../../services/asset.service';
import { AuditService } from '../../services/audit.service';
import { action } from '../action';
import { openDatabase } from '../connections/database';
import { openObjectStore } from '../connections/objectStore';
import { openSigner } from '../connections/signer';
import { openTemporal, snapshotClient } from '../connections/temporal';
import { ledgerError, locateEvidence, openLedger, readTrust, verifySource } from '../evidenceSource';
import { example, jsonOption, keyOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';
import { showProgress } from '../progress';
import { describeReport } from '../reportText';
import { describeRestored } from '../restoreText';

interface RestoreCommandOptions extends JsonOption {
  readonly fromEvidence?: boolean;
  readonly key: string;
  readonly records?: boolean;
  readonly all?: boolean;
  readonly dryRun?: boolean;
}

/** `restore`: makes the database what the verified evidence says. */
export function define(command: Command): void {
  command
    .description(
      'rebuild what the database lost from the verified evidence: snapshots, chunks, assets, jobs, marks and the ledger; stop the workers first',
    )
    .requiredOption('--from-evidence', 'restore from the evidence in the bucket')
    .addOption(keyOption())
    .option('--records', 'also insert sealed records that the log lost, byte for byte and marked')
    .option('--all', 'restore every snapshot, not only those that the database does not have')
    .option('--dry-run', 'verify, count what would be restored, and write nothing')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot restore --from-evidence --key trust.json --dry-run'))
    .action(action(restore));
}

async function restore(options: RestoreCommandOptions, output: Output): Promise<number> {
  const { key, records = false, all = false, dryRun = false, json = false } = options;
  const { sealing } = readTogether({
    database: () => readDatabaseConfig(),
    sealing: () => readSealingConfig(),
    storage: () => readStorageConfig(),
    vault: () => readVaultConfig(),
  });
  const trust = await readTrust(key);
  const source = await locateEvidence(undefined);
  const { entries, origin } = await openLedger(source, key);
  if (origin !== sealing.origin) {
    const message = `the trust file is for ${origin}, and AUDIT_ORIGIN is ${sealing.origin}`;
    throw new SnapshotError('ORIGIN_MISMATCH', message);
  }
  await using database = await openDatabase();
  await using results = openResults();
  const deps = await restoreDeps(database.connection, sealing, results.resultOf);
  const snapshotIds = all ? entries.map(({ snapshotId }) => snapshotId) : await listLost(deps, entries);

  const { report } = await verifySource({ ...source, snapshotIds }, { trust, maxFailures: 20 });
  const failed = report.snapshots.filter(({ verdict }) => verdict !== 'VERIFIED');
  if (report.ledger.verdict !== 'VERIFIED') throw ledgerError(report.ledger);
  if (failed.length > 0) throw notVerified(failed);

  using display = showProgress();
  const restored = await restoreEvidence(deps, entries, snapshotIds, {
    insert: records,
    dryRun,
    onProgress: (_snapshotId, done, total) => display.update('restoring', done, total),
  });
  output.result(
    json
      ? JSON.stringify({ origin, dryRun, ledgerSize: entries.length, ...restored })
      : describeRestored(restored, { dryRun, records }),
  );
  return EXIT.ok;
}

type SnapshotReports = Awaited<ReturnType<typeof verifySource>>['report']['snapshots'];

/** Nothing was written: what is restored must be what was sealed. */
function notVerified(failed: SnapshotReports): SnapshotError {
  const isInvalid = failed.some(({ verdict }) => verdict === 'NOT VERIFIED');
  const text = failed.map((report) => describeReport(report, false)).join('\n');
  return new SnapshotError(
    isInvalid ? 'EVIDENCE_INVALID' : 'EVIDENCE_INCOMPLETE',
    `${failed.length} snapshots do not verify, so nothing was restored\n${text}`,
  );
}

async function restoreDeps(
  connection: Connection,
  settings: ReturnType<typeof readSealingConfig>,
  resultOf: EvidenceRestoreDeps['resultOf'],
): Promise<EvidenceRestoreDeps> {
  return {
    store: openObjectStore(),
    records: new AuditService(connection, settings.source),
    inserter: new MongoSealedRecordInserter(connection, settings.source),
    snapshots: new MongoSnapshotRepository(connection),
    restorer: new MongoSnapshotRestorer(connection),
    assets: new AssetService(connection),
    jobs: new MongoJobStore(connection),
    leases: new MongoWindowLeaseStore(connection, settings.origin),
    signer: await openSigner(),
    ledger: new MongoLedgerSequencer(connection, settings.origin),
    ledgerIndex: new LedgerIndex(),
    resultOf,
    clock: { nowMs: () => Date.now() },
    settings,
  };
}

/** The results that Temporal still has. It may have lost its database, too: then they are unknown. */
function openResults(): AsyncDisposable & { readonly resultOf: EvidenceRestoreDeps['resultOf'] } {
  let opened: ReturnType<typeof openTemporal> | undefined;
  const read = async (jobId: string): Promise<AuditSnapshotResult | undefined> => {
    const handle = snapshotClient(await (opened ??= openTemporal())).attach(jobId);
    return (await handle.describe()).status === 'succeeded' ? handle.result() : undefined;
  };
  return {
    resultOf: (jobId) =>
      read(jobId).catch((error: unknown) => {
        if (error instanceof SnapshotError) return undefined;
        throw error;
      }),
    [Symbol.asyncDispose]: async () => (await opened?.catch(() => undefined))?.[Symbol.asyncDispose](),
  };
}
