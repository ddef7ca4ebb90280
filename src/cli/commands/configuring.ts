import type { Command } from 'commander';
import type { ConfigOptions } from '../configCommands';
import { PROCESS_OUTPUT as output } from '../output';
import { example, finish, GROUPS, jsonOption } from './shell';

/** `config`. */
export function addConfiguring(program: Command): void {
  program.commandsGroup(GROUPS.operating);
  const config = program.command('config').description('the settings in force, and where they come from');
  config
    .command('show')
    .description('print every setting; of a secret only that it is set')
    .option('--origin', 'say where each value comes from')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot config show --origin'))
    .action((options: ConfigOptions) =>
      finish(() => {
        const { showConfig }: typeof import('../configCommands') = require('../configCommands');
        return showConfig(options, output);
      }, options),
    );
  config
    .command('check')
    .description('read every part of the configuration, without reaching a server')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot config check --config /etc/audit-snapshot.toml'))
    .action((options: ConfigOptions) =>
      finish(() => {
        const { checkConfig }: typeof import('../configCommands') = require('../configCommands');
        return checkConfig(options, output);
      }, options),
    );
}
