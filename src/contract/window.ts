import { SnapshotError } from '../errors';

/**
 * A window of the audit log: both ends inclusive, as canonical instants in UTC with milliseconds
 * (`2026-01-31T00:00:00.000Z`). Canonical instants have one length, so they compare as text.
 */
export interface Window {
  readonly from: string;
  readonly to: string;
}

/** A window for arithmetic: log time `[fromMs, untilMs)` in milliseconds. */
export interface Bounds {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** How far ahead of this machine's clock `to` may lie before the window counts as not yet over. */
const CLOCK_SKEW_MS = 5_000;

const INSTANT =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
const EXAMPLE = 'an ISO 8601 instant with an offset, such as 2026-01-31T00:00:00.000Z';

/**
 * Reads an ISO 8601 instant with an offset, at most millisecond resolution; undefined when it is anything else.
 * `Date` alone would roll 30 February over into March and read a missing offset as local time.
 */
export function parseInstantMs(text: string): number | undefined {
  const parts = INSTANT.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second = '0'] = parts;
  const daysInMonth = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > daysInMonth)
    return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The canonical spelling of an instant given in milliseconds. */
export function formatInstant(ms: number): string {
  return new Date(ms).toISOString();
}

/**
 * The window from `from` to `to` in canonical form. WINDOW_INVALID names the member that is wrong: not an instant, in
 * the wrong order, or not over yet by the clock `nowMs`. With `Infinity` as the clock a window may lie in the future.
 */
export function parseWindow(from: string, to: string, nowMs: number): Window {
  const fromMs = parseInstantMs(from);
  const toMs = parseInstantMs(to);
  if (fromMs === undefined) throw invalid(`from is not ${EXAMPLE}: ${quote(from)}`);
  if (toMs === undefined) throw invalid(`to is not ${EXAMPLE}: ${quote(to)}`);
  if (fromMs > toMs) throw invalid(`from ${quote(from)} lies after to ${quote(to)}`);
  if (toMs > nowMs + CLOCK_SKEW_MS)
    throw invalid(`to ${quote(to)} lies in the future; seal a window only after it is over`);
  return { from: formatInstant(fromMs), to: formatInstant(toMs) };
}

/** The half-open bounds of a window, in milliseconds. */
export function boundsOf({ from, to }: Window): Bounds {
  return { fromMs: Date.parse(from), untilMs: Date.parse(to) + 1 };
}

/** The window of half-open bounds in whole milliseconds; the inverse of {@link boundsOf}. */
export function windowOf({ fromMs, untilMs }: Bounds): Window {
  return { from: formatInstant(fromMs), to: formatInstant(untilMs - 1) };
}

/** True when two windows share at least one millisecond. */
export function overlaps(left: Window, right: Window): boolean {
  return left.from <= right.to && right.from <= left.to;
}

/** True when a canonical instant lies in the window, ends included. */
export function contains({ from, to }: Window, instant: string): boolean {
  return from <= instant && instant <= to;
}

function invalid(reason: string): SnapshotError {
  return new SnapshotError('WINDOW_INVALID', reason);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
