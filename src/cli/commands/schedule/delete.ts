import type { Command } from 'commander';
import { action } from '../../action';
import { example, jsonOption, type JsonOption } from '../../options';
import type { Output } from '../../output';
import { changeState } from './changeState';

const DELETED = {
  done: 'deleted',
  next: 'running runs finish; created again under this id, it continues where it ended',
} as const;

/** `schedule delete`. */
export function define(command: Command): void {
  command
    .description('delete a schedule; what it sealed stays sealed')
    .argument('<scheduleId>')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot schedule delete hourly'))
    .action(
      action((id: string, options: JsonOption, output: Output) =>
        changeState(id, DELETED, (schedules) => schedules.delete(id), options, output),
      ),
    );
}
