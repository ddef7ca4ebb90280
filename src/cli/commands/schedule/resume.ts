import type { Command } from 'commander';
import { action } from '../../action';
import { example, jsonOption, type JsonOption } from '../../options';
import type { Output } from '../../output';
import { changeState } from './changeState';

interface ResumeOptions extends JsonOption {
  readonly note?: string;
}

/** `schedule resume`. */
export function define(command: Command): void {
  command
    .description('start runs again; the first one seals what was missed')
    .argument('<scheduleId>')
    .option('--note <text>', 'new note on the page of the schedule')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot schedule resume hourly'))
    .action(action(resume));
}

function resume(scheduleId: string, options: ResumeOptions, output: Output): Promise<number> {
  const next = `the next run seals what was missed; to start it now: audit-snapshot schedule trigger ${scheduleId}`;
  return changeState(
    scheduleId,
    { done: 'resumed', next },
    (schedules) => schedules.resume(scheduleId, options.note),
    options,
    output,
  );
}
