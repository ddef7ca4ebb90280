/** A window of the audit log: both ends inclusive, canonical UTC instants with milliseconds (`2026-01-31T00:00:00.000Z`). */
export interface Window {
  readonly from: string;
  readonly to: string;
}

export type WindowOutcome =
  { readonly ok: true; readonly window: Window } | { readonly ok: false; readonly reason: string };

/** How far ahead of this machine's clock `to` may lie before the window counts as not yet over. */
const CLOCK_SKEW_MS = 5_000;

const INSTANT =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

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

/** Checks and canonicalises a window against the clock `nowMs`; the reason names the offending member. */
export function parseWindow(from: string, to: string, nowMs: number, skewMs = CLOCK_SKEW_MS): WindowOutcome {
  const fromMs = parseInstantMs(from);
  const toMs = parseInstantMs(to);
  const example = 'an ISO 8601 instant with an offset, such as 2026-01-31T00:00:00.000Z';
  if (fromMs === undefined) return { ok: false, reason: `from is not ${example}: ${quote(from)}` };
  if (toMs === undefined) return { ok: false, reason: `to is not ${example}: ${quote(to)}` };
  if (fromMs > toMs) return { ok: false, reason: `from ${quote(from)} lies after to ${quote(to)}` };
  if (toMs > nowMs + skewMs) {
    return { ok: false, reason: `to ${quote(to)} lies in the future; seal a window only after it is over` };
  }
  return { ok: true, window: { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() } };
}

function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
