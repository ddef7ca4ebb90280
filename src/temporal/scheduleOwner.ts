import type { ScheduleDescription } from '@temporalio/client';

/** The installation that a schedule belongs to. Several may share a namespace. */
export interface ScheduleOwner {
  readonly taskQueue: string;
  /** Undefined: not known, or of any origin. */
  readonly origin: string | undefined;
}

/** Shown on the page of the schedule in the Web UI. */
const ABOUT =
  'Seals the audit log in contiguous windows (audit-snapshot). Change it with: audit-snapshot schedule update';

/** The memo of a schedule. A later update keeps it. */
export function memoOf({ taskQueue, origin }: ScheduleOwner): Readonly<Record<string, string>> {
  return { about: ABOUT, taskQueue, ...(origin === undefined ? {} : { origin }) };
}

/** The owner that a memo names; undefined when it names none. */
export function memoOwner(memo: Readonly<Record<string, unknown>> | undefined): ScheduleOwner | undefined {
  const { taskQueue, origin } = memo ?? {};
  if (typeof taskQueue !== 'string') return undefined;
  return { taskQueue, origin: typeof origin === 'string' ? origin : undefined };
}

/** The owner of a schedule. The task queue is that of its runs, whatever the memo says. */
export function ownerOf({ action, memo }: ScheduleDescription): ScheduleOwner {
  return { taskQueue: action.taskQueue, origin: memoOwner(memo)?.origin };
}

/** Whether a schedule of `owner` is one of `mine`. */
export function isOwnedBy(owner: ScheduleOwner, mine: ScheduleOwner): boolean {
  const sameOrigin = owner.origin === undefined || mine.origin === undefined || owner.origin === mine.origin;
  return owner.taskQueue === mine.taskQueue && sameOrigin;
}

/** For messages. */
export function describeOwner({ taskQueue, origin }: ScheduleOwner): string {
  return `task queue ${taskQueue}${origin === undefined ? '' : ` and origin ${origin}`}`;
}
