import type { Command } from 'commander';
import { action } from '../../action';
import { example, jsonOption, type JsonOption } from '../../options';
import type { Output } from '../../output';
import { changeState } from './changeState';

interface PauseOptions extends JsonOption {
  readonly reason: string;
}

const PAUSED = {
  done: 'paused',
  next: 'nothing is lost: the first run after resume seals everything since the last sealed instant',
} as const;

/** `schedule pause`. */
export function define(command: Command): void {
  command
    .description('stop starting runs until the schedule is resumed; no window is lost')
    .argument('<scheduleId>')
    .option('--reason <text>', 'reason, shown on the page of the schedule', 'paused by audit-snapshot')
    .addOption(jsonOption())
    .addHelpText('after', example("audit-snapshot schedule pause hourly --reason 'storage is being moved'"))
    .action(
      action((id: string, options: PauseOptions, output: Output) =>
        changeState(id, PAUSED, (schedules) => schedules.pause(id, options.reason), options, output),
      ),
    );
}
