import { activityInfo } from '@temporalio/activity';
import { jobIdOfSnapshot, snapshotIdOf } from '../src/contract/names';
import type { Window } from '../src/contract/window';

/** Gets one line for each end of an activity. */
export interface ActivityLog {
  readonly info: (facts: object, message: string) => void;
  readonly warn: (facts: object, message: string) => void;
}

/** The members of inputs and results that say what an activity is about. */
interface Named {
  readonly jobId?: string;
  readonly snapshotId?: string;
  readonly window?: Window;
  readonly schedule?: { readonly scheduleId?: string };
  readonly result?: Named | null;
}

/** What a line names: job, snapshot, window and schedule, as far as input and result have them; nothing of a record. */
export function subjectOf(input: unknown, output: unknown): object {
  const parts = [input, output, (output as Named | undefined)?.result].map((part) => (part ?? {}) as Named);
  const find = <T>(get: (part: Named) => T | undefined) =>
    parts.map(get).find((value) => value !== undefined);
  const givenJob = find(({ jobId }) => jobId);
  const snapshot =
    find(({ snapshotId }) => snapshotId) ?? (givenJob === undefined ? undefined : snapshotIdOf(givenJob));
  const job = givenJob ?? (snapshot === undefined ? undefined : jobIdOfSnapshot(snapshot));
  const window = find((part) => part.window);
  const schedule = find((part) => part.schedule?.scheduleId);
  return {
    ...(job === undefined ? {} : { job }),
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(window === undefined ? {} : { window: `${window.from}/${window.to}` }),
    ...(schedule === undefined ? {} : { schedule }),
  };
}

/** The run that an activity belongs to, as Temporal names it. */
export function runOf(): object {
  const { workflowExecution, attempt } = activityInfo();
  return { workflowId: workflowExecution?.workflowId, runId: workflowExecution?.runId, attempt };
}
