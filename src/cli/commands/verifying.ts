import type { Command } from 'commander';
import { PROCESS_OUTPUT as output } from '../output';
import type { ReportOptions } from '../report';
import type { VerifyOptions } from '../verify';
import type { ConsistencyOptions } from '../consistency';
import type { CoverageOptions } from '../coverage';
import {
  collect,
  dirOption,
  example,
  finish,
  GROUPS,
  jsonOption,
  keyOption,
  parseCount,
  parsePercent,
} from './shell';

/** `verify`, `coverage`, `report` and `consistency`: what can be said of evidence. */
export function addVerifying(program: Command): void {
  program.commandsGroup(GROUPS.evidence);
  program
    .command('verify')
    .description(
      'check a snapshot in the bucket, a directory, a proof, or without an argument the whole bucket',
    )
    .argument('[snapshotId | directory | proof.json]')
    .option(
      '--key <file>',
      'the pinned keys (trust.json, PEM or vkey); without them nothing is ever VERIFIED',
    )
    .option('--from <instant>', 'with --to: this log time must be covered without a gap')
    .option('--to <instant>', 'end of that log time, inclusive')
    .option(
      '--checkpoint <file>',
      'a ledger checkpoint you kept: the ledger must continue it (repeatable)',
      collect,
    )
    .option(
      '--sample <percent>',
      'read only so many of the chunks, by chance: never more than INCOMPLETE',
      parsePercent,
    )
    .option('--live', 'of the whole bucket: then compare the live log with it, record by record')
    .option('--max-errors <n>', 'how many failures to list', parseCount, 20)
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot verify --live --key trust.json'))
    .action((target: string | undefined, options: VerifyOptions) =>
      finish(() => {
        const { verify }: typeof import('../verify') = require('../verify');
        return verify(target, options, output);
      }, options),
    );

  program
    .command('coverage')
    .description('what log time is sealed, empty or missing, by the ledger')
    .addOption(keyOption())
    .addOption(dirOption())
    .option('--from <instant>', 'with --to: only this log time')
    .option('--to <instant>', 'end of that log time, inclusive')
    .option('--svg <file>', 'draw it as well')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot coverage --key trust.json --svg cover.svg'))
    .action((options: CoverageOptions) =>
      finish(() => {
        const { coverage }: typeof import('../coverage') = require('../coverage');
        return coverage(options, output);
      }, options),
    );

  program
    .command('report')
    .description('verify a directory, or the whole bucket, and write one HTML page for auditors')
    .argument('[directory]')
    .addOption(keyOption())
    .option('--out <file>', 'where to', 'report.html')
    .option('--from <instant>', 'with --to: this log time must be covered without a gap')
    .option('--to <instant>', 'end of that log time, inclusive')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot report --key trust.json --out report.html'))
    .action((target: string | undefined, options: ReportOptions) =>
      finish(() => {
        const { report }: typeof import('../report') = require('../report');
        return report(target, options, output);
      }, options),
    );

  program
    .command('consistency')
    .description('print, as JSON, the proof that the ledger of one size continues that of an earlier one')
    .argument('<earlier>', 'number of entries', parseCount)
    .argument('<later>', 'number of entries', parseCount)
    .addOption(keyOption())
    .addOption(dirOption())
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot consistency 12 40 --key trust.json'))
    .action((earlier: number, later: number, options: ConsistencyOptions & { json?: boolean }) =>
      finish(() => {
        const { consistency }: typeof import('../consistency') = require('../consistency');
        return consistency([earlier, later], options, output);
      }, options),
    );
}
