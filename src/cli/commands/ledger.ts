import type { Command } from 'commander';
import { readSealingConfig, readStorageConfig } from '../../config';
import { pinnedKeys } from '../../evidence/trustFile';
import { MongoLedgerSequencer } from '../../mongo/ledgerSequencer';
import { LedgerIndex } from '../../sealing/ledgerIndex';
import { recoverBucket, type RecoveredBucket } from '../../sealing/recoverBucket';
import { repairLedger, type RepairedLedger } from '../../sealing/repairLedger';
import { deleteMarkerRemover } from '../../storage/deleteMarkers';
import { action } from '../action';
import { openDatabase } from '../connections/database';
import { openObjectStore } from '../connections/objectStore';
import { openSigner } from '../connections/signer';
import { locateEvidence, openLedger, readTrust } from '../evidenceSource';
import { example, jsonOption, keyOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';

/** `ledger`: the ledger in the database. */
export function define(command: Command): void {
  command.description('repair the ledger in the database, or recover the one in the bucket');
  command
    .command('repair')
    .description(
      'make the ledger in the database equal to the one in the bucket, and keep further entries that follow from a signed manifest; stop the workers first',
    )
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot ledger repair'))
    .action(action(repair));
  command
    .command('recover')
    .description(
      'undo a rollback of the bucket: remove delete markers from ledger and snapshots, and put the largest signed checkpoint on top again; stop the workers first',
    )
    .addOption(keyOption())
    .option('--dry-run', 'print what would be changed, and change nothing')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot ledger recover --key trust.json --dry-run'))
    .action(action(recover));
}

interface RecoverOptions extends JsonOption {
  readonly key: string;
  readonly dryRun?: boolean;
}

async function recover(
  { key, dryRun = false, json = false }: RecoverOptions,
  output: Output,
): Promise<number> {
  const { origin, retentionMs } = readSealingConfig();
  const recovered = await recoverBucket(
    {
      store: openObjectStore(),
      removeMarker: deleteMarkerRemover(readStorageConfig()),
      keys: pinnedKeys(await readTrust(key)),
      clock: { nowMs: () => Date.now() },
      settings: { origin, retentionMs },
    },
    dryRun,
  );
  output.result(
    json ? JSON.stringify({ origin, dryRun, ...recovered }) : describeRecovered(recovered, dryRun),
  );
  // The ledger must be whole now: EVIDENCE_INVALID or EVIDENCE_INCOMPLETE names what else is wrong.
  if (!dryRun) await openLedger(await locateEvidence(undefined), key);
  return EXIT.ok;
}

function describeRecovered({ markers, checkpoint }: RecoveredBucket, dryRun: boolean): string {
  const raised =
    checkpoint === null
      ? 'the largest checkpoint is on top'
      : `the checkpoint over ${checkpoint.largest} entries ${dryRun ? 'would be put' : 'was put'} on top of that over ${checkpoint.found}`;
  const removed = `${markers.length} delete markers ${dryRun ? 'would be removed' : 'removed'}; ${raised}`;
  return [removed, ...markers.map((marker) => `  ${marker.key} [version=${marker.versionId}]`)].join('\n');
}

async function repair({ json = false }: JsonOption, output: Output): Promise<number> {
  const { origin } = readSealingConfig();
  await using database = await openDatabase();
  const repaired = await repairLedger({
    store: openObjectStore(),
    signer: await openSigner(),
    ledger: new MongoLedgerSequencer(database.connection, origin),
    ledgerIndex: new LedgerIndex(),
    settings: { origin },
  });
  output.result(json ? JSON.stringify({ origin, ...repaired }) : describe(origin, repaired));
  return EXIT.ok;
}

function describe(origin: string, { size, restored, removed, reason }: RepairedLedger): string {
  const text = `ledger of ${origin}: ${size} entries; ${restored} rows restored, ${removed} rows removed`;
  return reason === null ? text : `${text}\n  removed: ${reason}`;
}
