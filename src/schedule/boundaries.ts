import type { Cadence } from '../contract/schedule';
import { SnapshotError } from '../errors';
import { calendarTimes } from './calendarTimes';
import { parseCron } from './cron';
import { findZone } from './zone';

/** The instants at which windows end and the next ones begin, in milliseconds. */
export interface Boundaries {
  /** The first boundary behind `ms`. */
  readonly after: (ms: number) => number;
  /** The last boundary at or before `ms`. */
  readonly upTo: (ms: number) => number;
}

const MAX_EVERY_SECONDS = 366 * 86_400;

/** The boundaries of a cadence. PAYLOAD_INVALID when it is none: both kinds, neither, out of range, or a cron that never comes. */
export function boundariesOf({ everySeconds, offsetSeconds, cron, timezone }: Cadence): Boundaries {
  if ((everySeconds === undefined) === (cron === undefined))
    throw refused('a schedule has either an interval (everySeconds) or a cron expression');
  if (everySeconds !== undefined) {
    if (timezone !== undefined) throw refused('a time zone goes with cron; intervals are counted in UTC');
    return gridOf(everySeconds, offsetSeconds ?? 0);
  }
  if (offsetSeconds !== undefined) throw refused('an offset goes with an interval, not with cron');
  return timesOf(cron ?? '', timezone ?? 'UTC');
}

/** How many boundaries lie in `[fromMs, untilMs)`, counted to at most `limit`. */
export function countBoundaries(
  boundaries: Boundaries,
  fromMs: number,
  untilMs: number,
  limit: number,
): number {
  let count = 0;
  for (let at = boundaries.after(fromMs - 1); at < untilMs && count < limit; at = boundaries.after(at))
    count++;
  return count;
}

function gridOf(everySeconds: number, offsetSeconds: number): Boundaries {
  const whole = Number.isInteger(everySeconds) && everySeconds >= 1 && everySeconds <= MAX_EVERY_SECONDS;
  if (!whole) throw refused(`everySeconds is not a whole number from 1 to ${MAX_EVERY_SECONDS}`);
  if (!Number.isInteger(offsetSeconds) || offsetSeconds < 0 || offsetSeconds >= everySeconds)
    throw refused('offsetSeconds is not a whole number from 0 to below everySeconds');
  const everyMs = everySeconds * 1000;
  const offsetMs = offsetSeconds * 1000;
  const upTo = (ms: number) => Math.floor((ms - offsetMs) / everyMs) * everyMs + offsetMs;
  return { upTo, after: (ms) => upTo(ms) + everyMs };
}

function timesOf(cron: string, timezone: string): Boundaries {
  const times = calendarTimes(parseCron(cron), findZone(timezone));
  const found = (ms: number | undefined): number => {
    if (ms !== undefined) return ms;
    throw refused(`cron ${JSON.stringify(cron)} in ${timezone} never comes`);
  };
  return {
    after: (ms) => found(times.after(ms)),
    upTo: (ms) => found(times.upTo(ms)),
  };
}

function refused(message: string): SnapshotError {
  return new SnapshotError('PAYLOAD_INVALID', message);
}
