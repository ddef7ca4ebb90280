import { isDeepStrictEqual } from 'node:util';

/** True when two rows hold the same values, whether they were read from the database or built here. */
export function deepEqualJson(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(plain(left), plain(right));
}

/** Rows are plain JSON by their types; this drops prototypes and members that are undefined. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
