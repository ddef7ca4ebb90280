import { type Command } from 'commander';
import type { StackOptions } from '../stack';
import { PROCESS_OUTPUT as output } from '../output';
import { example, finish, GROUPS, jsonOption } from './shell';

const COMMANDS = {
  up: 'start what does not run yet, and leave it running',
  down: 'stop every server; the data stays',
  status: 'show every server; exit code 1 unless all are ready',
  env: 'print the variables that programs need, secrets included',
  clean: 'remove data, logs and secrets of a stack',
} as const;

/** `stack`: the embedded servers, as `npm run stack` has them. */
export function addStacking(program: Command): void {
  program.commandsGroup(GROUPS.trying);
  const stack = program
    .command('stack')
    .description('Temporal, MongoDB, S3 storage and Vault for development, installed and run for this user');
  for (const [name, description] of Object.entries(COMMANDS)) {
    const command = stack
      .command(name)
      .description(description)
      .option('--name <stack>', 'which stack', 'default')
      .addOption(jsonOption())
      .addHelpText('after', example(`audit-snapshot stack ${name}`))
      .action((options: StackOptions) =>
        finish(() => {
          const { runStack }: typeof import('../stack') = require('../stack');
          return runStack(name as keyof typeof COMMANDS, options, output);
        }, options),
      );
    if (name === 'clean') command.option('--force', 'stop running servers first');
  }
}
