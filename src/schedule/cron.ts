import { SnapshotError } from '../errors';

/** Times of a wall clock: those that match every member. Each member is a sorted list without repetition. */
export interface Calendar {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  /** 1 to 12. */
  readonly months: readonly number[];
  /** 0 to 6, beginning with Sunday. */
  readonly daysOfWeek: readonly number[];
}

interface Field {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly words?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const SHORTHANDS: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

/**
 * Reads five cron fields (minute, hour, day of month, month, day of week) or a shorthand. As in Temporal, a time must
 * match both the day of the month and the day of the week. PAYLOAD_INVALID names the field.
 */
export function parseCron(text: string): Calendar {
  const fields = (SHORTHANDS[text.trim().toLowerCase()] ?? text.trim()).split(/\s+/);
  const [minute, hour, day, month, weekday, ...more] = fields;
  if (weekday === undefined || more.length > 0)
    throw invalid(text, 'it does not have five fields: minute, hour, day of month, month, day of week');
  const read = (part: string | undefined, field: Field) => readField(text, part ?? '', field);
  const weekdays = read(weekday, { name: 'day of week', low: 0, high: 7, words: DAYS });
  return {
    minutes: read(minute, { name: 'minute', low: 0, high: 59 }),
    hours: read(hour, { name: 'hour', low: 0, high: 23 }),
    daysOfMonth: read(day, { name: 'day of month', low: 1, high: 31 }),
    months: read(month, { name: 'month', low: 1, high: 12, words: ['', ...MONTHS] }),
    daysOfWeek: sorted(weekdays.map((value) => value % 7)),
  };
}

function readField(text: string, part: string, field: Field): readonly number[] {
  return sorted(part.split(',').flatMap((item) => readItem(text, item, field)));
}

/** `*`, `n`, `a-b`, each with `/step`; `n/step` runs from n to the end. */
function readItem(text: string, item: string, field: Field): number[] {
  const { name, low, high } = field;
  const [, range = '', step] = /^([^/]+)(?:\/([1-9]\d{0,3}))?$/.exec(item) ?? [];
  const [first = '', last, ...more] = range.split('-');
  const from = first === '*' ? low : readValue(first, field);
  // 7 is accepted as a second number for Sunday; `*` and open steps stop before it.
  const end = name === 'day of week' ? 6 : high;
  const open = first === '*' || step !== undefined;
  const to = last === undefined ? (open ? end : from) : readValue(last, field);
  const wild = first === '*' && last !== undefined;
  if (from === undefined || to === undefined || to < from || wild || more.length > 0)
    throw invalid(text, `${JSON.stringify(item)} is not a valid ${name}`);
  const values = Array.from({ length: to - from + 1 }, (_, offset) => from + offset);
  return values.filter((value) => (value - from) % Number(step ?? 1) === 0);
}

function readValue(word: string, { low, high, words = [] }: Field): number | undefined {
  const value = /^\d{1,2}$/.test(word) ? Number(word) : word === '' ? -1 : words.indexOf(word.toLowerCase());
  return value >= low && value <= high ? value : undefined;
}

function sorted(values: readonly number[]): number[] {
  return [...new Set(values)].toSorted((left, right) => left - right);
}

function invalid(text: string, why: string): SnapshotError {
  return new SnapshotError('PAYLOAD_INVALID', `cron ${JSON.stringify(text.slice(0, 100))}: ${why}`);
}
