import { randomUUID } from 'node:crypto';
import type { AuditSnapshotInput } from '../../src/contract/snapshot';
import type { Window } from '../../src/contract/window';
import { SEALING_ACTIVITIES, type ActivityName } from './sealingActivities';

/** Before an activity, or after it and before its result is reported. */
export type Moment = 'before' | 'after';

const MOMENTS: readonly Moment[] = ['before', 'after'];
const DAY_MS = 86_400_000;
const FIRST_DAY_MS = Date.parse('2026-03-01T00:00:00.000Z');

/** A point of a run at which a test intervenes, and the job whose run that is. */
export interface FaultPoint {
  readonly activity: ActivityName;
  readonly moment: Moment;
  readonly input: AuditSnapshotInput;
}

/**
 * Every fault point of a run, each with a job over a day of its own, so that tests intervene at all of them side by side.
 * All clients of a Temporal server share its workflow ids, so the jobs of two calls have different ids.
 */
export function everyFaultPoint(): readonly FaultPoint[] {
  const suffix = randomUUID().slice(0, 8);
  const points = SEALING_ACTIVITIES.flatMap((activity) => MOMENTS.map((moment) => ({ activity, moment })));
  return points.map(({ activity, moment }, day) => ({
    activity,
    moment,
    input: { jobId: `${moment}-${activity.toLowerCase()}-${suffix}`, ...dayWindow(day) },
  }));
}

/** The log time of all fault points. */
export const ALL_DAYS: Window = {
  from: dayWindow(0).from,
  to: dayWindow(SEALING_ACTIVITIES.length * MOMENTS.length - 1).to,
};

/** True when a run at `point` has reached that moment of `activity`, or is past it. */
export function isAtOrAfter(point: FaultPoint, activity: ActivityName, moment: Moment): boolean {
  return orderOf(point.activity, point.moment) >= orderOf(activity, moment);
}

function orderOf(activity: ActivityName, moment: Moment): number {
  const index = SEALING_ACTIVITIES.findIndex((one) => one === activity);
  return index * MOMENTS.length + MOMENTS.indexOf(moment);
}

export function dayWindow(day: number): Window {
  const fromMs = FIRST_DAY_MS + day * DAY_MS;
  return { from: new Date(fromMs).toISOString(), to: new Date(fromMs + DAY_MS - 1).toISOString() };
}
