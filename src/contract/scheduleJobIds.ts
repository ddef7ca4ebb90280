import { formatInstant } from './window';

/**
 * What a job id of a schedule means. The id is made of the schedule's id and the window alone, so every run that plans
 * the window names the same job. `generation` and `ordinal` count from 1.
 */
export type ScheduleJob =
  | { readonly kind: 'window'; readonly fromMs: number; readonly generation: number }
  | { readonly kind: 'late'; readonly targetMs: number; readonly ordinal: number };

/** What a schedule id is, for error messages; it leaves room for the instant and a number in the 64 characters of a job id. */
export const SCHEDULE_ID_RULE = '1 to 36 lowercase letters, digits and hyphens, the first not a hyphen';

const SCHEDULE_ID = /^[a-z0-9][a-z0-9-]{0,35}$/;
const JOB = /^(\d{8}t\d{6}z)(?:-(late-)?([1-9]\d{0,3}))?$/;

/** True when the text is a schedule id, by {@link SCHEDULE_ID_RULE}. */
export function isScheduleId(text: string): boolean {
  return SCHEDULE_ID.test(text);
}

/** `<scheduleId>-20260301t000000z`; a later generation, which replaces one that cannot be sealed, ends with `-2`. */
export function windowJobId(scheduleId: string, fromMs: number, generation = 1): string {
  return `${scheduleId}-${stampOf(fromMs)}${generation === 1 ? '' : `-${generation}`}`;
}

/** `<scheduleId>-20260302t000000z-late-1`: the first supplementary snapshot of the runs up to that instant. */
export function lateJobId(scheduleId: string, targetMs: number, ordinal: number): string {
  return `${scheduleId}-${stampOf(targetMs)}-late-${ordinal}`;
}

/** Reads a job id of this schedule; undefined when it is not one. */
export function parseScheduleJob(scheduleId: string, jobId: string): ScheduleJob | undefined {
  if (!jobId.startsWith(`${scheduleId}-`)) return undefined;
  const [, stamp, late, digits] = JOB.exec(jobId.slice(scheduleId.length + 1)) ?? [];
  if (stamp === undefined) return undefined;
  const instantMs = Date.parse(
    stamp.toUpperCase().replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6.000Z'),
  );
  // `Date` would roll 30 February over into March.
  if (Number.isNaN(instantMs) || stampOf(instantMs) !== stamp) return undefined;
  const number = Number(digits ?? 1);
  return late === undefined
    ? { kind: 'window', fromMs: instantMs, generation: number }
    : { kind: 'late', targetMs: instantMs, ordinal: number };
}

/** Job ids of a schedule sort by time, so a range of them is a range of log time: `[from, until)`. */
export function jobRange(
  scheduleId: string,
  fromMs: number,
  untilMs: number,
): { readonly from: string; readonly until: string } {
  return { from: windowJobId(scheduleId, fromMs), until: windowJobId(scheduleId, untilMs) };
}

function stampOf(ms: number): string {
  return formatInstant(ms)
    .replace(/[-:]|\.\d{3}/g, '')
    .toLowerCase();
}
