import type { Command } from 'commander';
import { boundariesOf } from '../../../schedule/boundaries';
import { checkSchedule } from '../../../schedule/checkSchedule';
import { DEFAULT_POLICY, describeSettings, type ScheduleSettings } from '../../../schedule/scheduleSettings';
import { action } from '../../action';
import { openSchedules } from '../../connections/schedules';
import { example, jsonOption } from '../../options';
import { EXIT, type Output } from '../../output';
import { findFormerEnd, printPreview } from './preview';
import { requireScheduleId } from './requireScheduleId';
import { addSettingOptions, settingsView, withOptions, type SettingOptions } from './settingOptions';

interface CreateOptions extends SettingOptions {
  readonly paused?: boolean;
}

/** `schedule create`. SCHEDULE_CONFLICT when a schedule with other settings exists. */
export function define(command: Command): void {
  command
    .description('create a schedule; repeating it with the same settings is not an error')
    .argument('<scheduleId>')
    .addOption(jsonOption());
  addSettingOptions(command, { isNew: true })
    .option('--paused', 'create the schedule in the paused state')
    .option(
      '--dry-run',
      'create nothing; print the next windows, and the number of unsealed records in the first one',
    )
    .addHelpText(
      'after',
      example(
        'audit-snapshot schedule create hourly --every 1h --settle 5m',
        "audit-snapshot schedule create nightly --cron '0 0 * * *' --timezone Europe/Berlin --dry-run",
      ),
    )
    .action(action(create));
}

async function create(scheduleId: string, options: CreateOptions, output: Output): Promise<number> {
  requireScheduleId(scheduleId);
  const { start, paused = false, json = false, note } = options;
  const settings = await readSettings(scheduleId, options);
  if (options.dryRun === true) return printPreview(settings, json, output);

  await using temporal = await openSchedules();
  const created = await temporal.schedules.create(settings, {
    paused,
    sameStart: start !== undefined,
    ...(note === undefined ? {} : { note }),
  });
  const text = created
    ? `created schedule ${scheduleId}${paused ? ', paused' : ''}. ${describeSettings(settings)}`
    : `schedule ${scheduleId} exists already, with the same settings`;
  output.result(json ? JSON.stringify({ scheduleId, created, settings: settingsView(settings) }) : text);
  return EXIT.ok;
}

async function readSettings(scheduleId: string, options: CreateOptions): Promise<ScheduleSettings> {
  const defaults = { ...DEFAULT_POLICY, input: { scheduleId, startAt: new Date(0).toISOString() } };
  const settings = withOptions(defaults, options);
  // Wrong settings are reported before the database is asked for the start.
  checkSchedule(settings.input);
  const startAt = options.start ?? (await defaultStart(settings));
  return { ...settings, input: { ...settings.input, startAt } };
}

/** Where a schedule of that id ended before, so that deleting and creating it again leaves no gap; else the present window. */
async function defaultStart({ input }: ScheduleSettings): Promise<string> {
  const formerEnd = await findFormerEnd(input.scheduleId);
  return formerEnd ?? new Date(boundariesOf(input).upTo(Date.now())).toISOString();
}
