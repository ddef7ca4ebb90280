import type { Cadence } from '../contract/schedule';
import { SnapshotError } from '../errors';
import { calendarTimes } from './calendarTimes';
import { parseCron } from './cron';
import { findZone } from './zone';

/**
 * The room of schedules: which windows a schedule has. A cadence gives boundaries (an interval's grid, or a cron
 * expression's times in a zone), windows lie between boundaries, and planning finds the next one that is not sealed.
 * Everything here is a pure function of the schedule's input and the rows of its snapshots.
 */

/** The instants at which windows end and the next ones begin, in milliseconds. */
export interface Boundaries {
  /** The first boundary after `ms`. */
  readonly after: (ms: number) => number;
  /** The last boundary at or before `ms`. */
  readonly upTo: (ms: number) => number;
}

const MAX_EVERY_SECONDS = 366 * 86_400;

/**
 * The boundaries of a cadence. PAYLOAD_INVALID when it has an interval and a cron expression, or neither, when a value is
 * out of range, and on first use when the cron expression matches no time.
 */
export function boundariesOf({ everySeconds, offsetSeconds, cron, timezone }: Cadence): Boundaries {
  if ((everySeconds === undefined) === (cron === undefined))
    throw invalid(
      'a schedule has either an interval (everySeconds, --every) or a cron expression (cron, --cron); give one of them',
    );
  if (everySeconds !== undefined) {
    if (timezone !== undefined)
      throw invalid('timezone (--timezone) is only for cron: intervals are counted in UTC; leave it out');
    return gridOf(everySeconds, offsetSeconds ?? 0);
  }
  if (offsetSeconds !== undefined)
    throw invalid('offsetSeconds (--offset) is only for an interval, not for cron; leave it out');
  return timesOf(cron ?? '', timezone ?? 'UTC');
}

/** The number of boundaries in `[fromMs, untilMs)`, counted up to `limit`. */
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
  if (!whole) throw invalid(`everySeconds (--every) is not a whole number from 1 to ${MAX_EVERY_SECONDS}`);
  if (!Number.isInteger(offsetSeconds) || offsetSeconds < 0 || offsetSeconds >= everySeconds)
    throw invalid('offsetSeconds (--offset) is not a whole number from 0 to below everySeconds (--every)');
  const everyMs = everySeconds * 1000;
  const offsetMs = offsetSeconds * 1000;
  const upTo = (ms: number) => Math.floor((ms - offsetMs) / everyMs) * everyMs + offsetMs;
  return { upTo, after: (ms) => upTo(ms) + everyMs };
}

function timesOf(cron: string, timezone: string): Boundaries {
  const times = calendarTimes(parseCron(cron), findZone(timezone));
  const found = (ms: number | undefined): number => {
    if (ms !== undefined) return ms;
    throw invalid(`cron ${JSON.stringify(cron)} in ${timezone} matches no time; check day and month`);
  };
  return {
    after: (ms) => found(times.after(ms)),
    upTo: (ms) => found(times.upTo(ms)),
  };
}

function invalid(message: string): SnapshotError {
  return new SnapshotError('PAYLOAD_INVALID', message);
}
