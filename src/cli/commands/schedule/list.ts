import type { ScheduleSummary } from '@temporalio/client';
import type { Command } from 'commander';
import { describeCadence } from '../../../schedule/scheduleSettings';
import { action } from '../../action';
import { openSchedules } from '../../connections/schedules';
import { example, jsonOption, type JsonOption } from '../../options';
import { EXIT, type Output } from '../../output';

/** `schedule list`: the schedules of the namespace that seal. */
export function define(command: Command): void {
  command
    .description('list the schedules of this installation: its task queue and AUDIT_ORIGIN')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot schedule list'))
    .action(action(list));
}

async function list({ json = false }: JsonOption, output: Output): Promise<number> {
  await using temporal = await openSchedules();
  const schedules = (await temporal.schedules.list())
    .map(viewOf)
    .toSorted((left, right) => left.scheduleId.localeCompare(right.scheduleId, 'en'));
  output.result(json ? JSON.stringify({ schedules }) : describe(schedules));
  return EXIT.ok;
}

/** The members of an input that a summary does not have. */
const UNKNOWN_INPUT = { scheduleId: '', startAt: '' };

function viewOf({ scheduleId, state, spec, info }: ScheduleSummary) {
  return {
    scheduleId,
    state: state.paused ? 'paused' : 'active',
    windowsEnd: cadenceOf(spec),
    note: state.note ?? null,
    nextRun: state.paused ? null : (info.nextActionTimes[0]?.toISOString() ?? null),
    lastRun: info.recentActions.at(-1)?.takenAt.toISOString() ?? null,
  };
}

function cadenceOf(spec: ScheduleSummary['spec']): string {
  const [interval] = spec?.intervals ?? [];
  if (interval) {
    const everySeconds = interval.every / 1000;
    return describeCadence({ ...UNKNOWN_INPUT, everySeconds, offsetSeconds: interval.offset / 1000 });
  }
  const [calendar] = spec?.calendars ?? [];
  const timezone = spec?.timezone ?? 'UTC';
  return describeCadence({ ...UNKNOWN_INPUT, cron: calendar?.comment ?? '?', timezone });
}

function describe(schedules: readonly ReturnType<typeof viewOf>[]): string {
  const width = Math.max(0, ...schedules.map(({ scheduleId }) => scheduleId.length));
  const lines = schedules.map(
    ({ scheduleId, state, windowsEnd, nextRun }) =>
      `${scheduleId.padEnd(width)}  ${state.padEnd(6)}  windows end ${windowsEnd}  next run ${nextRun ?? 'none'}`,
  );
  return (
    lines.join('\n') ||
    'there is no schedule; create one with: audit-snapshot schedule create <id> --every 1h'
  );
}
