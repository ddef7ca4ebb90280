import { InvalidArgumentError, type Command } from 'commander';
import { runWorkers } from '../../worker/main';
import { action } from '../action';
import { example } from '../options';
import type { Output } from '../output';

/** `worker`: supervised worker processes in the foreground. */
export function define(command: Command): void {
  command
    .description(
      'run worker processes until SIGTERM; if one dies, it is replaced, and its work continues in another one',
    )
    .option(
      '--processes <n>',
      'number of processes, 1 to 32 (default: WORKER_PROCESSES, or 2)',
      parseProcesses,
    )
    .addHelpText('after', example('audit-snapshot worker --processes 4'))
    .action(action((options: { readonly processes?: number }, _output: Output) => runWorkers(options)));
}

function parseProcesses(text: string): number {
  if (/^([1-9]|[12]\d|3[0-2])$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is not a whole number from 1 to 32.');
}
