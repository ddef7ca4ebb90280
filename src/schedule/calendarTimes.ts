import type { Calendar } from './cron';
import { instantsAt, type Zone } from './zone';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** 29 February on a given day of the week comes every 28 years, or 40 across 2100. */
const HORIZON_DAYS = 41 * 366;

/** Days with times that are remembered: whoever walks along asks for each day once for each of its times. */
const REMEMBERED_DAYS = 64;

/** The times of a calendar in a zone, in milliseconds; undefined when none comes within 41 years. */
export interface CalendarTimes {
  /** The first one behind `ms`. */
  after(ms: number): number | undefined;
  /** The last one at or before `ms`. */
  upTo(ms: number): number | undefined;
}

/** Looks the times of a calendar up day by day of its wall clock. */
export function calendarTimes(calendar: Calendar, zone: Zone): CalendarTimes {
  const remembered = new Map<number, readonly number[]>();
  const timesOn = (localDayMs: number): readonly number[] => {
    if (!hasDay(calendar, localDayMs)) return [];
    const known = remembered.get(localDayMs);
    if (known) return known;
    if (remembered.size === REMEMBERED_DAYS) remembered.clear();
    const times = timesOf(calendar, zone, localDayMs);
    remembered.set(localDayMs, times);
    return times;
  };
  return {
    after(ms) {
      const today = localDay(zone, ms);
      for (let day = -1; day < HORIZON_DAYS; day++) {
        const found = timesOn(today + day * DAY_MS).find((time) => time > ms);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    upTo(ms) {
      const today = localDay(zone, ms);
      for (let day = 1; day > -HORIZON_DAYS; day--) {
        const found = timesOn(today + day * DAY_MS).findLast((time) => time <= ms);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

/** Midnight of the day that the wall clock shows, as if it were UTC. */
function localDay(zone: Zone, ms: number): number {
  return Math.floor((ms + zone.offsetMsAt(ms)) / DAY_MS) * DAY_MS;
}

function hasDay({ months, daysOfMonth, daysOfWeek }: Calendar, localDayMs: number): boolean {
  const date = new Date(localDayMs);
  return (
    months.includes(date.getUTCMonth() + 1) &&
    daysOfMonth.includes(date.getUTCDate()) &&
    daysOfWeek.includes(date.getUTCDay())
  );
}

function timesOf({ hours, minutes }: Calendar, zone: Zone, localDayMs: number): readonly number[] {
  const toInstants = clockOf(zone, localDayMs);
  return hours
    .flatMap((hour) => minutes.map((minute) => hour * 60 + minute))
    .flatMap((minuteOfDay) => toInstants(localDayMs + minuteOfDay * MINUTE_MS))
    .toSorted((left, right) => left - right);
}

/** A day on which the offset does not change needs no look at the zone for each of its times. */
function clockOf(zone: Zone, localDayMs: number): (localMs: number) => number[] {
  const offsets = [-1, 0, 1, 2].map((days) => zone.offsetMsAt(localDayMs + days * DAY_MS));
  const [offsetMs = 0] = offsets;
  if (offsets.every((other) => other === offsetMs)) return (localMs) => [localMs - offsetMs];
  return (localMs) => instantsAt(zone, localMs);
}
