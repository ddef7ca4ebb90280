const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/** Seconds of a duration such as `90s`, `15m`, `1h`, `1d` or `1h30m`, largest unit first; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const parts = /^(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s)?$/.exec(text);
  if (!parts || text === '') return undefined;
  return UNITS.reduce((sum, [, seconds], index) => sum + Number(parts[index + 1] ?? 0) * seconds, 0);
}

/** The shortest spelling that {@link parseDuration} reads back. */
export function formatDuration(seconds: number): string {
  let left = seconds;
  const parts = UNITS.map(([unit, size]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count === 0 ? '' : `${count}${unit}`;
  });
  return parts.join('') || '0s';
}
