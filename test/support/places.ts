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

/** Every place of a run, each with a job over a day of its own, so that tests step in everywhere side by side. */
export const PLACES: readonly Place[] = STEPS.flatMap((step) =>
  MOMENTS.map((moment) => ({ step, moment })),
).map(({ step, moment }, day) => ({
  step,
  moment,
  input: { jobId: `${moment}-${step.toLowerCase()}`, ...dayWindow(day) },
}));

/** The log time of all places. */
export const ALL_DAYS: Window = { from: dayWindow(0).from, to: dayWindow(PLACES.length - 1).to };

export function isBehind(place: Place, step: Step, moment: Moment): boolean {
  const other = PLACES.findIndex((one) => one.step === step && one.moment === moment);
  return PLACES.indexOf(place) >= other;
}

export function dayWindow(day: number): Window {
  const fromMs = FIRST_DAY_MS + day * DAY_MS;
  return { from: new Date(fromMs).toISOString(), to: new Date(fromMs + DAY_MS - 1).toISOString() };
}
