const UNITS = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

const FORMAT = new Intl.RelativeTimeFormat('en', { numeric: 'always' });

/** The distance of an instant from now in its largest whole unit: `3 hours ago`, `in 7 years`. */
export function relativeTime(instant: Date | string, nowMs: number = Date.now()): string {
  const distance = (new Date(instant).getTime() - nowMs) / 1000;
  const [unit, size] = UNITS.find(([, seconds]) => Math.abs(distance) >= seconds) ?? ['second', 1];

  const count = Math.trunc(distance / size);
  return FORMAT.format(count === 0 ? -0 : count, unit);
}
