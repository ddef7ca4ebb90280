import type { Command } from 'commander';
import { PROCESS_OUTPUT as output } from '../output';
import { example, finish, GROUPS, jsonOption, type CommonOptions } from './shell';

/** `retention` and `hold`: how long things are kept. */
export function addKeeping(program: Command): void {
  program.commandsGroup(GROUPS.keeping);
  program
    .command('retention')
    .description('how long the objects of a snapshot are locked')
    .command('extend')
    .description('lock a snapshot for longer; a lock is never shortened')
    .argument('<snapshotId>')
    .requiredOption('--until <instant>', 'e.g. 2040-01-31T00:00:00Z')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      example('audit-snapshot retention extend snap-65f0c0ffee65f0c0ffee65f0 --until 2040-01-31T00:00:00Z'),
    )
    .action((snapshotId: string, options: { until: string } & CommonOptions) =>
      finish(() => {
        const { extendRetention }: typeof import('../lockCommands') = require('../lockCommands');
        return extendRetention(snapshotId, options, output);
      }, options),
    );

  const hold = program
    .command('hold')
    .description('legal hold: nothing of a snapshot can be deleted while it stands');
  for (const [name, held] of [
    ['add', true],
    ['remove', false],
  ] as const)
    hold
      .command(name)
      .description(held ? 'put a snapshot under legal hold' : 'end the legal hold; retention goes on')
      .argument('<snapshotId>')
      .addOption(jsonOption())
      .addHelpText('after', example(`audit-snapshot hold ${name} snap-65f0c0ffee65f0c0ffee65f0`))
      .action((snapshotId: string, options: CommonOptions) =>
        finish(() => {
          const { setHold }: typeof import('../lockCommands') = require('../lockCommands');
          return setHold(snapshotId, held, options, output);
        }, options),
      );
}
