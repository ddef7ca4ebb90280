import type { SnapshotActivities } from '../../src/contract/activities';
import type { Failure } from '../../src/contract/failure';
import type { ContinuedState, Progress } from '../../src/contract/snapshot';

type ActivityName = keyof SnapshotActivities;
export type ActivityInput<N extends ActivityName> = Parameters<SnapshotActivities[N]>[0];
export type ActivityOutput<N extends ActivityName> = Awaited<ReturnType<SnapshotActivities[N]>>;

/**
 * What the orchestration in this folder needs from the engine that runs it. In production that is Temporal; simulations
 * run the same orchestration in one process, on virtual time and under planned faults.
 */
export interface WorkflowEngine {
  /** Runs an activity; `summary` is the line that the Web UI shows for the call. */
  call<N extends ActivityName>(name: N, summary: string, input: ActivityInput<N>): Promise<ActivityOutput<N>>;
  nowMs(): number;
  sleep(ms: number): Promise<void>;
  /** Cancels everything that `run` started after `ms`, and fails with ATTEMPT_TIMED_OUT. */
  withDeadline<T>(ms: number, run: () => Promise<T>): Promise<T>;
  /** A cancel of the workflow does not reach what `run` starts. */
  shielded<T>(run: () => Promise<T>): Promise<T>;
  /** Before a step that a cancelled run must not begin: the step before it may have completed without noticing. */
  throwIfCancelled(): void;
  isCancellation(error: unknown): boolean;
  /** True when the history is so long that the run should continue in a new one. */
  shouldContinueAsNew(): boolean;
  /** False while a history is replayed that was recorded before the change of this name, true otherwise. */
  patched(change: string): boolean;
  /** Never returns: ends this run and starts the next one with `continued`. */
  continueAsNew(continued: ContinuedState): Promise<never>;
  isContinueAsNew(error: unknown): boolean;
  failureOf(error: unknown): Failure;
  /** An error that fails the run with a stable code. */
  failed(failure: Failure): Error;
  /** Publishes progress as current details and search attributes. */
  publish(progress: Progress): void;
}
