import type { Command } from 'commander';
import { describeSettings } from '../../../schedule/scheduleSettings';
import { action } from '../../action';
import { openSchedules } from '../../connections/schedules';
import { example, jsonOption } from '../../options';
import { EXIT, type Output } from '../../output';
import { printPreview } from './preview';
import { requireScheduleId } from './requireScheduleId';
import { addSettingOptions, settingsView, withOptions, type SettingOptions } from './settingOptions';

/** `schedule update`. SCHEDULE_NOT_FOUND, SCHEDULE_CONFLICT for a later start. */
export function define(command: Command): void {
  command
    .description('change settings of a schedule; settings without a flag stay as they are')
    .argument('<scheduleId>')
    .addOption(jsonOption());
  addSettingOptions(command, { isNew: false })
    .option(
      '--dry-run',
      'change nothing; print the next windows, and the number of unsealed records in the first one',
    )
    .addHelpText('after', example('audit-snapshot schedule update hourly --every 30m'))
    .action(action(update));
}

async function update(scheduleId: string, options: SettingOptions, output: Output): Promise<number> {
  requireScheduleId(scheduleId);
  const { json = false } = options;
  await using temporal = await openSchedules();
  const { schedules } = temporal;
  if (options.dryRun === true) {
    const { settings } = await schedules.find(scheduleId);
    return await printPreview(withOptions(settings, options), json, output);
  }
  const settings = await schedules.update(scheduleId, (known) => withOptions(known, options), options.note);
  output.result(
    json
      ? JSON.stringify({ scheduleId, settings: settingsView(settings) })
      : `updated schedule ${scheduleId}. ${describeSettings(settings)}`,
  );
  return EXIT.ok;
}
