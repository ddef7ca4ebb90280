import { randomUUID } from 'node:crypto';
import type { AuditSnapshotInput } from '../../src/contract/snapshot';
import type { Window } from '../../src/contract/window';
import type { Moment, Step } from './heldSteps';
import { STEPS } from './steps';

const MOMENTS: readonly Moment[] = ['before', 'after'];
const DAY_MS = 86_400_000;
const FIRST_DAY_MS = Date.parse('2026-03-01T00:00:00.000Z');

/** One place in a run where a test steps in, and the job that it steps in on. */
export interface Place {
  readonly step: Step;
  readonly moment: Moment;
  readonly input: AuditSnapshotInput;
}

/**
 * Every place of a run, each with a job over a day of its own, so that tests step in everywhere side by side. Workflow
 * ids are shared by all that a Temporal server serves, so the jobs of no two calls have the same.
 */
export function everyRecordPlace(): readonly Place[] {
  const own = randomUUID().slice(0, 8);
  return STEPS.flatMap((step) => MOMENTS.map((moment) => ({ step, moment }))).map((place, day) => ({
    ...place,
    input: { jobId: `${place.moment}-${place.step.toLowerCase()}-${own}`, ...dayWindow(day) },
  }));
}

/** The log time of all places. */
export const ALL_DAYS: Window = {
  from: dayWindow(0).from,
  to: dayWindow(STEPS.length * MOMENTS.length - 1).to,
};

/** True when a run that stands at `place` has come to that moment of `step`, or is past it. */
export function isBehind(place: Place, step: Step, moment: Moment): boolean {
  return orderOf(place.step, place.moment) >= orderOf(step, moment);
}

function orderOf(step: Step, moment: Moment): number {
  return STEPS.findIndex((one) => one === step) * MOMENTS.length + MOMENTS.indexOf(moment);
}

export function dayWindow(day: number): Window {
  const fromMs = FIRST_DAY_MS + day * DAY_MS;
  return { from: new Date(fromMs).toISOString(), to: new Date(fromMs + DAY_MS - 1).toISOString() };
}
