import type { ScheduleSpec } from '@temporalio/client';
import type { AuditScheduleInput } from '../contract/schedule';
import { parseCron } from './cron';

const MONTHS = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
] as const;
const DAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const;

/**
 * When Temporal starts runs: at the boundaries of the windows. A cron expression is passed as the calendar that parseCron
 * reads, so that runs and windows always follow the same reading.
 */
export function toSpec(input: AuditScheduleInput): ScheduleSpec {
  const { everySeconds, offsetSeconds = 0, cron, timezone = 'UTC', startAt } = input;
  const begin = { startAt: new Date(startAt) };
  if (everySeconds !== undefined)
    return { ...begin, intervals: [{ every: everySeconds * 1000, offset: offsetSeconds * 1000 }] };
  const { minutes, hours, daysOfMonth, months, daysOfWeek } = parseCron(cron ?? '');
  const calendar = {
    minute: ranges(minutes),
    hour: ranges(hours),
    dayOfMonth: ranges(daysOfMonth),
    month: months.map((month) => MONTHS[month - 1]!),
    dayOfWeek: daysOfWeek.map((day) => DAYS[day]!),
    comment: cron ?? '',
  };
  return { ...begin, calendars: [calendar], timezone };
}

/** Consecutive values joined into ranges, which the Web UI shows more clearly. */
function ranges(values: readonly number[]): { start: number; end: number; step: number }[] {
  const found: { start: number; end: number; step: number }[] = [];
  for (const value of values) {
    const last = found.at(-1);
    if (last !== undefined && last.end + 1 === value) last.end = value;
    else found.push({ start: value, end: value, step: 1 });
  }
  return found;
}
