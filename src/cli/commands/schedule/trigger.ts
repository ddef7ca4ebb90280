import type { Command } from 'commander';
import type { Overlap } from '../../../schedule/scheduleSettings';
import { action } from '../../action';
import { example, jsonOption, type JsonOption } from '../../options';
import type { Output } from '../../output';
import { changeState } from './changeState';
import { overlapOption } from './settingOptions';

interface TriggerOptions extends JsonOption {
  readonly overlap: Overlap;
}

/** `schedule trigger`. */
export function define(command: Command): void {
  command
    .description('start a run now; it seals every window that has ended and is not sealed yet')
    .argument('<scheduleId>')
    .addOption(
      overlapOption(
        'if another run is running: skip this run, start it afterwards (buffer-one, buffer-all), or start it at once (allow-all)',
      ).default('buffer-one'),
    )
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot schedule trigger hourly'))
    .action(action(trigger));
}

function trigger(scheduleId: string, options: TriggerOptions, output: Output): Promise<number> {
  const next = `follow it with: audit-snapshot schedule show ${scheduleId}`;
  return changeState(
    scheduleId,
    { done: 'triggered', next },
    (schedules) => schedules.trigger(scheduleId, options.overlap),
    options,
    output,
  );
}
