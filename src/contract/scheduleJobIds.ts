/** Job ids of a schedule: made of its id and the window alone, so that every run that means a window means one job. */
export type ScheduleJob =
  | { readonly kind: 'window'; readonly fromMs: number; readonly generation: number }
  | { readonly kind: 'late'; readonly targetMs: number; readonly place: number };

/** Leaves room for the instant and a number within the 64 characters of a job id. */
const SCHEDULE_ID = /^[a-z0-9][a-z0-9-]{0,35}$/;
const JOB = /^(\d{8}t\d{6}z)(?:-(late-)?([1-9]\d{0,3}))?$/;

/** Schedule ids become job ids, so they are lowercase letters, digits and `-`, at most 36. */
export function isScheduleId(text: string): boolean {
  return SCHEDULE_ID.test(text);
}

/** `<scheduleId>-20260301t000000z`; a further generation, which replaces one that cannot be sealed, ends with `-2`. */
export function windowJobId(scheduleId: string, fromMs: number, generation = 1): string {
  return `${scheduleId}-${stampOf(fromMs)}${generation === 1 ? '' : `-${generation}`}`;
}

/** `<scheduleId>-20260302t000000z-late-1`: the first supplementary snapshot of the runs up to that instant. */
export function lateJobId(scheduleId: string, targetMs: number, place: number): string {
  return `${scheduleId}-${stampOf(targetMs)}-late-${place}`;
}

/** What a job id of this schedule stands for; undefined when it is none. */
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
    : { kind: 'late', targetMs: instantMs, place: number };
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
  return new Date(ms)
    .toISOString()
    .replace(/[-:]|\.\d{3}/g, '')
    .toLowerCase();
}
