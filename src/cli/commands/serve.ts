import type { Command } from 'commander';
import { runServer } from '../../http/main';
import { action } from '../action';
import { example } from '../options';
import { EXIT } from '../output';

/** `serve`: the job service in the foreground. */
export function define(command: Command): void {
  command
    .description('run the job service until SIGTERM')
    .addHelpText('after', example('JOB_SERVICE_KEYS_FILE=keys.json audit-snapshot serve'))
    .action(
      action(async () => {
        await runServer();
        return EXIT.ok;
      }),
    );
}
