import type { Command } from 'commander';
import type { DemoOptions } from '../../../dev/demo/demo';
import { PROCESS_OUTPUT as output } from '../output';
import { example, finish, GROUPS, jsonOption, parseCount } from './shell';

/** `demo`. */
export function addTrying(program: Command): void {
  program.commandsGroup(GROUPS.trying);
  program
    .command('demo')
    .description('seal, verify and tamper with a realistic audit log on an embedded stack of real servers')
    .option('--records <n>', 'how many records to write', parseCount, 100_000)
    .option('--keep', 'leave everything running and print where it is')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot demo --records 1000000 --keep'))
    .action((options: DemoOptions) =>
      finish(() => {
        const { runDemo }: typeof import('../../../dev/demo/demo') = require('../../../dev/demo/demo');
        return runDemo(options, output);
      }, options),
    );
}
