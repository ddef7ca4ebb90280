import type { Command } from 'commander';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SnapshotError } from '../../errors';
import { exportLedger, exportSnapshot } from '../../verify/exportEvidence';
import { action } from '../action';
import { locateEvidence, openLedger, readTrust } from '../evidenceSource';
import { example, jsonOption, keyOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';

interface ExportOptions extends JsonOption {
  readonly key: string;
  readonly out: string;
  readonly all?: boolean;
}

/** `export`: copies evidence to a directory with the layout of the bucket. Only the ledger is verified on the way. */
export function define(command: Command): void {
  command
    .description('copy snapshots and the ledger to a directory, for readers without access to the bucket')
    .argument('[snapshotIds...]')
    .addOption(keyOption())
    .requiredOption('--out <directory>', 'directory to write to; files in it are overwritten')
    .option('--all', 'export every snapshot of the ledger')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot export --all --key trust.json --out evidence'))
    .action(action(exportEvidence));
}

async function exportEvidence(
  snapshotIds: readonly string[],
  { key, out, all = false, json = false }: ExportOptions,
  output: Output,
): Promise<number> {
  if (all === snapshotIds.length > 0)
    throw new SnapshotError('USAGE_INVALID', 'name the snapshots to export, or give --all');
  const source = await locateEvidence(undefined);
  const ledger = await openLedger(source, key);
  const chosen = all ? ledger.entries.map(({ snapshotId }) => snapshotId) : snapshotIds;

  await mkdir(out, { recursive: true });
  for (const [done, snapshotId] of chosen.entries()) {
    output.note(`exporting ${snapshotId}, ${done + 1} of ${chosen.length}`);
    await exportSnapshot(source.reader, snapshotId, out);
  }
  await exportLedger(source.reader, ledger, out);
  await writeFile(join(out, 'trust.json'), `${JSON.stringify(await readTrust(key), null, 2)}\n`);

  output.result(
    json
      ? JSON.stringify({ out, snapshots: chosen, ledgerSize: ledger.size })
      : `wrote ${chosen.length} snapshots and the ledger of ${ledger.size} to ${out}`,
  );
  return EXIT.ok;
}
