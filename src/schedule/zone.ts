import { SnapshotError } from '../errors';

const DAY_MS = 86_400_000;

/** A time zone: how far its wall clocks are ahead of UTC at an instant, in milliseconds. */
export interface Zone {
  readonly name: string;
  offsetMsAt(instantMs: number): number;
}

const UTC: Zone = { name: 'UTC', offsetMsAt: () => 0 };

/** The zone with an IANA name, by the tables of this Node. PAYLOAD_INVALID when the name is unknown. */
export function findZone(name: string): Zone {
  if (name === 'UTC') return UTC;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    const message = `unknown time zone ${JSON.stringify(name.slice(0, 64))}; use an IANA name such as Europe/Berlin`;
    throw new SnapshotError('PAYLOAD_INVALID', message, { cause });
  }
  return { name, offsetMsAt: (instantMs) => wallClockMs(format, instantMs) - floorToSecond(instantMs) };
}

/**
 * The instants at which the wall clock shows `localMs` (its time written as if it were UTC), in order: none in the hour
 * that is skipped in spring, two in the hour that is repeated in autumn. Temporal documents the same, but its server
 * leaves out the first of the two in some zones; then one run seals two windows.
 */
export function instantsAt(zone: Zone, localMs: number): number[] {
  // No zone is more than 14 hours from UTC, and none changes twice within two days.
  const offsets = [localMs - DAY_MS, localMs + DAY_MS].map((ms) => zone.offsetMsAt(ms));
  return [...new Set(offsets)]
    .map((offsetMs) => localMs - offsetMs)
    .filter((instantMs) => zone.offsetMsAt(instantMs) === localMs - instantMs)
    .toSorted((left, right) => left - right);
}

function wallClockMs(format: Intl.DateTimeFormat, instantMs: number): number {
  const parts = new Map(format.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}

function floorToSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
