/** Values of one series, a minute apart, in promtool's notation: `0+60x10` is 0, 60, … 600; `_` is a missing value. */
type Series = readonly [name: string, values: string];

/** One way in which an alert fires and clears. Times are minutes since the first value, which is at the epoch. */
export interface RuleCase {
  readonly alert: string;
  readonly when: string;
  readonly series: readonly Series[];
  readonly quiet: number;
  readonly fires: number;
  readonly clears: number;
  /** What is left of the labels, without name and severity. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly summary: string;
}

/** In minutes, as the times of a case. */
export const HOUR = 60;
export const DAY = 24 * HOUR;

/** Days in seconds, as the values of a series. */
export const days = (count: number): number => count * 86_400;

/** A counter that starts with its first event after ten minutes, and does not change. */
export const STARTS_AT_ONE = '_x10 1x200';
