import { InvalidArgumentError, type Command } from 'commander';
import type { DoctorOptions } from '../doctor';
import { EXIT, PROCESS_OUTPUT as output } from '../output';
import { example, finish, GROUPS, jsonOption } from './shell';

/** `worker`, `serve` and `doctor`. */
export function addOperating(program: Command): void {
  program.commandsGroup(GROUPS.operating);
  program
    .command('worker')
    .description('run worker processes until SIGTERM; one that dies is replaced, and others go on at once')
    .option('--processes <n>', 'how many, 1 to 32 (default: WORKER_PROCESSES, or 2)', parseProcesses)
    .addHelpText('after', example('audit-snapshot worker --processes 4'))
    .action((options: { processes?: number }) =>
      finish(() => {
        const { runWorkers }: typeof import('../../worker/main') = require('../../worker/main');
        return runWorkers(options);
      }, {}),
    );

  program
    .command('serve')
    .description('run the job service until SIGTERM')
    .addHelpText('after', example('JOB_SERVICE_KEYS_FILE=keys.json audit-snapshot serve'))
    .action(() =>
      finish(async () => {
        const { runServer }: typeof import('../../http/main') = require('../../http/main');
        await runServer();
        return EXIT.ok;
      }, {}),
    );

  program
    .command('doctor')
    .description(
      'look at every server and promise that sealing rests on; probes that the bucket really locks',
    )
    .option('--fix', 'register search attributes and make indexes that are missing')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot doctor --fix'))
    .action((options: DoctorOptions) =>
      finish(() => {
        const { doctor }: typeof import('../doctor') = require('../doctor');
        return doctor(options, output);
      }, options),
    );
}

function parseProcesses(text: string): number {
  if (/^([1-9]|[12]\d|3[0-2])$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is not a whole number from 1 to 32.');
}
