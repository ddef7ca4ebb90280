import { Option, type Command } from 'commander';
import { PROCESS_OUTPUT as output } from '../output';
import type { CatOptions } from '../cat';
import type { ExportOptions } from '../export';
import type { ProveOptions } from '../prove';
import { dirOption, example, finish, GROUPS, jsonOption, keyOption, type CommonOptions } from './shell';

/** `prove`, `export`, `cat` and `keys`: what is handed to somebody else. */
export function addHanding(program: Command): void {
  program.commandsGroup(GROUPS.evidence);
  program
    .command('prove')
    .description('write the proof of one record: in its snapshot, and its snapshot in the ledger')
    .argument('<recordId>')
    .addOption(keyOption())
    .option('--snapshot <snapshotId>', 'where the record is; without it the live record says so')
    .addOption(dirOption())
    .option('--out <file>', 'where to write the proof', 'proof.json')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot prove 65f0c0ffee65f0c0ffee65f0 --key trust.json'))
    .action((recordId: string, options: ProveOptions) =>
      finish(() => {
        const { prove }: typeof import('../prove') = require('../prove');
        return prove(recordId, options, output);
      }, options),
    );

  program
    .command('export')
    .description('copy snapshots and the ledger to a directory, for somebody without access to the bucket')
    .argument('[snapshotIds...]')
    .addOption(keyOption())
    .requiredOption('--out <directory>', 'where to; files that are there are written again')
    .option('--all', 'every snapshot of the ledger')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot export --all --key trust.json --out evidence'))
    .action((snapshotIds: string[], options: ExportOptions) =>
      finish(() => {
        const { exportCommand }: typeof import('../export') = require('../export');
        return exportCommand(snapshotIds, options, output);
      }, options),
    );

  program
    .command('cat')
    .description('print the records of a snapshot for reading; a rendering is never evidence')
    .argument('<snapshotId>')
    .addOption(dirOption())
    .addOption(
      new Option('--format <format>', 'Extended JSON, one a line, or CSV')
        .choices(['ndjson', 'csv'])
        .default('ndjson'),
    )
    .addHelpText('after', example('audit-snapshot cat snap-65f0c0ffee65f0c0ffee65f0 --format csv'))
    .action((snapshotId: string, options: CatOptions) =>
      finish(() => {
        const { cat }: typeof import('../cat') = require('../cat');
        return cat(snapshotId, options, output);
      }, {}),
    );

  program
    .command('keys')
    .description('the public keys that evidence is checked with')
    .command('export')
    .description('write the trust file: every key version with its period')
    .option('--merge <trust.json>', 'keep the versions of an earlier file that Vault no longer serves')
    .option('--out <file>', 'where to; stdout otherwise')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot keys export --out trust.json'))
    .action((options: { out?: string; merge?: string } & CommonOptions) =>
      finish(() => {
        const { exportTrust }: typeof import('../exportTrust') = require('../exportTrust');
        return exportTrust(options, output);
      }, options),
    );
}
