import { Option, type Command } from 'commander';
import { JOB_STATUSES } from '../../contract/jobStatus';
import type { ListOptions } from '../inventory';
import { PROCESS_OUTPUT as output } from '../output';
import { durationArgument } from '../schedule/options';
import type { StatusOptions } from '../status';
import { example, finish, GROUPS, jsonOption, parseCount, type CommonOptions } from './shell';

/** `status`, `list` and `show`. */
export function addLooking(program: Command): void {
  program.commandsGroup(GROUPS.looking);
  program
    .command('status')
    .description(
      'how sealing stands: last sealed instant, lag, gaps, findings, backlog; exit code 6 if not well',
    )
    .option('--max-lag <duration>', 'longer behind than this is not well, e.g. 2h', durationArgument)
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot status --max-lag 2h'))
    .action((options: StatusOptions) =>
      finish(() => {
        const { status }: typeof import('../status') = require('../status');
        return status(options, output);
      }, options),
    );

  program
    .command('list')
    .description('jobs, newest first: which window, how far, how many records, findings')
    .addOption(new Option('--status <status>', 'only these').choices(JOB_STATUSES))
    .option('--from <instant>', 'with --to: only windows that touch this log time')
    .option('--to <instant>', 'end of that log time, inclusive')
    .option('--since <duration>', 'only jobs made within it, e.g. 7d', durationArgument)
    .option('--limit <n>', 'how many', parseCount, 20)
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot list --status failed --since 7d'))
    .action((options: ListOptions) =>
      finish(() => {
        const { list }: typeof import('../inventory') = require('../inventory');
        return list(options, output);
      }, options),
    );

  program
    .command('show')
    .description(
      'everything about one job and its snapshot: counts, signature, asset, ledger, objects and locks',
    )
    .argument('<jobId | snapshotId>')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot show snap-65f0c0ffee65f0c0ffee65f0'))
    .action((id: string, options: CommonOptions) =>
      finish(() => {
        const { show }: typeof import('../inventory') = require('../inventory');
        return show(id, options, output);
      }, options),
    );
}
