import type { SnapshotActivities } from '../../src/contract/activities';
import type { ContinuedState, Progress } from '../../src/contract/snapshot';

/** What the orchestration needs of the engine that runs it: Temporal in production, one process in simulations. */
export interface WorkflowEngine {
  /** One call of an activity; `summary` is the line a person reads in the Web UI. */
  call<N extends keyof SnapshotActivities>(
    name: N,
    summary: string,
    input: Parameters<SnapshotActivities[N]>[0],
  ): Promise<Awaited<ReturnType<SnapshotActivities[N]>>>;
  nowMs(): number;
  sleep(ms: number): Promise<void>;
  /** Cancels what `run` started after `ms` and fails with ATTEMPT_TIMED_OUT. */
  withDeadline<T>(ms: number, run: () => Promise<T>): Promise<T>;
  /** What `run` starts is not cancelled from outside. */
  shielded<T>(run: () => Promise<T>): Promise<T>;
  /** For where a step that was through before it heard of a cancel must not lead to the next one. */
  throwIfCancelled(): void;
  isCancellation(error: unknown): boolean;
  /** True when the history is long enough to go on in a fresh one. */
  shouldContinueAsNew(): boolean;
  /** Never returns: ends this run and starts the next one with `continued`. */
  continueAsNew(continued: ContinuedState): Promise<never>;
  isContinueAsNew(error: unknown): boolean;
  failureOf(error: unknown): Failure;
  /** An error that ends the run as failed, with a stable code. */
  failed(failure: Failure): Error;
  /** Publishes to the query, the current details and the search attributes. */
  publish(progress: Progress): void;
}

/** A failure by its stable code. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}
