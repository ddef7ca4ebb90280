import { Option, type Command } from 'commander';
import { PROCESS_OUTPUT as output } from '../output';
import type { SealOptions } from '../seal';
import { example, finish, GROUPS, jsonOption, type CommonOptions } from './shell';

/** `seal` and `watch`. */
export function addSealing(program: Command): void {
  program.commandsGroup(GROUPS.sealing);
  program
    .command('seal')
    .description('seal the records of a window and follow the run; Ctrl-C leaves it running')
    .requiredOption('--from <instant>', 'first instant, inclusive, e.g. 2026-01-31T00:00:00Z')
    .requiredOption('--to <instant>', 'last instant, inclusive, e.g. 2026-01-31T23:59:59.999Z')
    .option('--job-id <id>', 'seal under this job: run again, it goes on or gives the same result')
    .addOption(
      new Option(
        '--on-tamper <policy>',
        'a record that does not fit its own hash: seal it and say so, or fail',
      )
        .choices(['seal', 'fail'])
        .default('seal'),
    )
    .option('--dry-run', 'say what would be sealed, and seal nothing')
    .option('--detach', 'start the run and do not wait for it')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      example('audit-snapshot seal --from 2026-01-31T00:00:00Z --to 2026-01-31T23:59:59.999Z'),
    )
    .action((options: SealOptions) =>
      finish(() => {
        const { seal }: typeof import('../seal') = require('../seal');
        return seal(options, output);
      }, options),
    );

  program
    .command('watch')
    .description('attach to the run of a job and wait for its result')
    .argument('<jobId>')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot watch 65f0c0ffee65f0c0ffee65f0'))
    .action((jobId: string, options: CommonOptions) =>
      finish(() => {
        const { watch }: typeof import('../seal') = require('../seal');
        return watch(jobId, options, output);
      }, options),
    );
}
