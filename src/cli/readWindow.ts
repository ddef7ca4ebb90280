import { parseWindow, type Window } from '../contract/window';
import { SnapshotError } from '../errors';
import type { WindowOptions } from './options';

const DAY_MS = 86_400_000;

/**
 * The window of `--from` and `--to`, which go together, or of `--day`; undefined when none of them is given. USAGE_INVALID,
 * WINDOW_INVALID.
 */
export function readWindow(options: WindowOptions): Window | undefined {
  const { from, to } = instantsOf(options);
  if (from === undefined && to === undefined) return undefined;
  if (from === undefined || to === undefined)
    throw new SnapshotError('USAGE_INVALID', '--from and --to go together');
  return parseWindow(from, to, Infinity);
}

/** The instants of `--from` and `--to` as given, or the first and the last millisecond of `--day`. USAGE_INVALID. */
export function instantsOf({ from, to, day }: WindowOptions, nowMs = Date.now()): WindowOptions {
  if (day === undefined)
    return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  if (from !== undefined || to !== undefined)
    throw new SnapshotError('USAGE_INVALID', '--day stands for --from and --to: give either it or them');
  const date = dateOf(day, nowMs);
  const startMs = Date.parse(`${date}T00:00:00.000Z`);
  // Date.parse accepts the 30th of February.
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date) || Number.isNaN(startMs) || dateAt(startMs) !== date)
    throw new SnapshotError(
      'USAGE_INVALID',
      `--day is not a date such as 2026-01-31, today or yesterday: ${day}`,
    );
  return { from: `${date}T00:00:00.000Z`, to: `${date}T23:59:59.999Z` };
}

function dateOf(day: string, nowMs: number): string {
  if (day === 'today') return dateAt(nowMs);
  return day === 'yesterday' ? dateAt(nowMs - DAY_MS) : day;
}

function dateAt(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
