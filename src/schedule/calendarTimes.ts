import type { Calendar } from './cron';
import { instantsAt, type Zone } from './zone';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** 29 February falls on a given day of the week every 28 years, or after 40 across 2100. */
const HORIZON_DAYS = 41 * 366;

/** Days whose times are cached: a caller that steps through boundaries needs each day once for each of its times. */
const CACHED_DAYS = 64;

/** The times of a calendar in a zone, in milliseconds; undefined when there is none within 41 years. */
export interface CalendarTimes {
  /** The first one after `ms`. */
  after(ms: number): number | undefined;
  /** The last one at or before `ms`. */
  upTo(ms: number): number | undefined;
}

/** Finds the times of a calendar, one day of its wall clock after the other. */
export function calendarTimes(calendar: Calendar, zone: Zone): CalendarTimes {
  const cache = new Map<number, readonly number[]>();
  const timesOn = (localDayMs: number): readonly number[] => {
    if (!hasDay(calendar, localDayMs)) return [];
    const known = cache.get(localDayMs);
    if (known) return known;
    if (cache.size === CACHED_DAYS) cache.clear();
    const times = timesOf(calendar, zone, localDayMs);
    cache.set(localDayMs, times);
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
  const toInstants = instantsOfDay(zone, localDayMs);
  return hours
    .flatMap((hour) => minutes.map((minute) => hour * 60 + minute))
    .flatMap((minuteOfDay) => toInstants(localDayMs + minuteOfDay * MINUTE_MS))
    .toSorted((left, right) => left - right);
}

/** On a day whose offset does not change the zone is asked once, not for each of its times. */
function instantsOfDay(zone: Zone, localDayMs: number): (localMs: number) => number[] {
  const offsets = [-1, 0, 1, 2].map((days) => zone.offsetMsAt(localDayMs + days * DAY_MS));
  const [offsetMs = 0] = offsets;
  if (offsets.every((other) => other === offsetMs)) return (localMs) => [localMs - offsetMs];
  return (localMs) => instantsAt(zone, localMs);
}
