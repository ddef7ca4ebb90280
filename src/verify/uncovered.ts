import { boundsOf, type Bounds, type Window } from '../contract/window';

/** The range of a date, in milliseconds (ECMA-262). */
const MAX_DATE_MS = 8.64e15;

/** Log time outside of these windows, in order: all of it, or that of `within`. */
export function uncoveredBy(
  windows: readonly Window[],
  { fromMs, untilMs }: Bounds = { fromMs: -MAX_DATE_MS, untilMs: MAX_DATE_MS },
): Bounds[] {
  const covered = windows.map(boundsOf).toSorted((a, b) => a.fromMs - b.fromMs);
  const gaps: Bounds[] = [];
  let from = fromMs;
  for (const window of covered) {
    if (window.fromMs > from) gaps.push({ fromMs: from, untilMs: Math.min(window.fromMs, untilMs) });
    from = Math.max(from, window.untilMs);
    if (from >= untilMs) return gaps;
  }
  return [...gaps, { fromMs: from, untilMs }];
}
