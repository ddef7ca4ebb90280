import { SnapshotError } from '../errors';

/** Times of a wall clock: what matches all members. Each is a sorted list without repetition. */
export interface Calendar {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  /** 1 to 12. */
  readonly months: readonly number[];
  /** 0 to 6 from Sunday on. */
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
 * Reads five cron fields (minute, hour, day of month, month, day of week) or a shorthand. As Temporal has it, a time has
 * to match the day of the month and the day of the week. PAYLOAD_INVALID names the field.
 */
export function parseCron(text: string): Calendar {
  const fields = (SHORTHANDS[text.trim().toLowerCase()] ?? text.trim()).split(/\s+/);
  const [minute, hour, day, month, weekday, ...more] = fields;
  if (weekday === undefined || more.length > 0)
    throw refused(text, 'it has not the five fields minute, hour, day of month, month, day of week');
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
  // The second Sunday that numbers go to is for people who write 7; `*` and open steps stop in front of it.
  const end = name === 'day of week' ? 6 : high;
  const open = first === '*' || step !== undefined;
  const to = last === undefined ? (open ? end : from) : readValue(last, field);
  const wild = first === '*' && last !== undefined;
  if (from === undefined || to === undefined || to < from || wild || more.length > 0)
    throw refused(text, `its ${name} has no part ${JSON.stringify(item)}`);
  const values = Array.from({ length: to - from + 1 }, (_, place) => from + place);
  return values.filter((value) => (value - from) % Number(step ?? 1) === 0);
}

function readValue(word: string, { low, high, words = [] }: Field): number | undefined {
  const value = /^\d{1,2}$/.test(word) ? Number(word) : word === '' ? -1 : words.indexOf(word.toLowerCase());
  return value >= low && value <= high ? value : undefined;
}

function sorted(values: readonly number[]): number[] {
  return [...new Set(values)].toSorted((left, right) => left - right);
}

function refused(text: string, why: string): SnapshotError {
  return new SnapshotError('PAYLOAD_INVALID', `cron ${JSON.stringify(text.slice(0, 100))}: ${why}`);
}
