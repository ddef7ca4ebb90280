import type { Command } from 'commander';
import { readSealingConfig } from '../../config';
import { MongoLedgerSequencer } from '../../mongo/ledgerSequencer';
import { LedgerIndex } from '../../sealing/ledgerIndex';
import { repairLedger, type RepairedLedger } from '../../sealing/repairLedger';
import { action } from '../action';
import { openDatabase } from '../connections/database';
import { openObjectStore } from '../connections/objectStore';
import { openSigner } from '../connections/signer';
import { example, jsonOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';

/** `ledger`: the ledger in the database. */
export function define(command: Command): void {
  command.description('repair the ledger in the database');
  command
    .command('repair')
    .description(
      'make the ledger in the database equal to the one in the bucket, and keep further entries that follow from a signed manifest; stop the workers first',
    )
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot ledger repair'))
    .action(action(repair));
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
