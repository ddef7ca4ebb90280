/**
 * The states of jobs and runs, in one vocabulary: a job is a stored request, a run is one execution of its workflow. A
 * state that both can have has one name.
 */
export const JOB_STATUSES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** `paused` is what a person did to the run in the Web UI; `unknown` is a status newer than this software. */
export type RunStatus = Exclude<JobStatus, 'queued'> | 'paused' | 'terminated' | 'timedOut' | 'unknown';

/** By the names that the SDK's `describe` and `list` give. */
const RUN_STATUSES: ReadonlyMap<string, RunStatus> = new Map([
  ['RUNNING', 'running'],
  // Seen only between two runs of one chain.
  ['CONTINUED_AS_NEW', 'running'],
  ['PAUSED', 'paused'],
  ['COMPLETED', 'succeeded'],
  ['FAILED', 'failed'],
  ['CANCELLED', 'cancelled'],
  ['TERMINATED', 'terminated'],
  ['TIMED_OUT', 'timedOut'],
]);

/** The status of a run by Temporal's name for it (https://docs.temporal.io/workflow-execution#workflow-execution-status). */
export function runStatusOf(temporalName: string): RunStatus {
  return RUN_STATUSES.get(temporalName) ?? 'unknown';
}
