import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { SnapshotActivities } from '../../src/contract/activities';
import type {
  AuditSnapshotInput,
  AuditSnapshotResult,
  ContinuedState,
  Progress,
} from '../../src/contract/snapshot';
import { checkInput } from '../../workflows/snapshot/checkInput';
import { runJob } from '../../workflows/snapshot/runJob';
import { SnapshotProgressTracker } from '../../workflows/snapshot/snapshotProgressTracker';
import type { WorkflowEngine } from '../../workflows/snapshot/workflowEngine';
import { CancellationScopes, type Timers } from './cancellationScopes';
import { deferred } from './deferred';
import type { ActivityName } from './sealingActivities';

/** An attempt without a heartbeat is given up after this long; then, as after a failure, the next one waits. */
const HEARTBEAT_TIMEOUT_MS = 15_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;

export type ActivityInput<N extends ActivityName> = Parameters<SnapshotActivities[N]>[0];
export type ActivityOutput<N extends ActivityName> = Awaited<ReturnType<SnapshotActivities[N]>>;

/** What an attempt of an activity knows of itself. */
export interface AttemptInfo {
  /** From 1. */
  readonly attempt: number;
  readonly scheduledTimestampMs: number;
  readonly currentAttemptScheduledTimestampMs: number;
}

/** What carries out the activities of a run and its timers. */
export interface WorkflowHost extends Timers {
  nowMs(): number;
  /** One attempt. Rejects as the SDK does, with the failure of the activity or with TIMED_OUT. */
  attempt<N extends ActivityName>(
    name: N,
    input: ActivityInput<N>,
    info: AttemptInfo,
  ): Promise<ActivityOutput<N>>;
  /** Called before each attempt; what it throws is the failure of that attempt. */
  beforeAttempt?(name: ActivityName, attempt: number): void;
}

export interface WorkflowRunOptions {
  /** The history counts as long after this many attempts. Default never. */
  readonly continueAfter?: number;
  readonly maxAttempts?: number;
  /** A cancel waits for the activity under way, as for one that does not heartbeat. Default: the activity is abandoned. */
  readonly waitsForActivities?: boolean;
  readonly onProgress?: (progress: Progress) => void;
  /** Called with everything an engine stores in its history: input, output and failure of each activity. */
  readonly onHistory?: (payload: unknown) => void;
}

/** Ends one execution; the next one begins with `state`. */
class ContinuedAsNew extends Error {
  readonly state: ContinuedState;
  constructor(state: ContinuedState) {
    super('continued as new');
    this.state = state;
  }
}

/** The run is terminated or its history lost: nothing waits for its activities any more. */
class RunLost extends Error {}

/** The process of the run is gone; no rollback takes place either. */
export class ProcessDied extends Error {
  constructor() {
    super('died');
  }
}

/** One run of the real orchestration in this process, its continuations included. No Temporal server takes part. */
export class WorkflowRun {
  /** How many executions the run had so far: one, and one more for each continue-as-new. */
  executions = 0;
  readonly #host: WorkflowHost;
  readonly #options: WorkflowRunOptions;
  readonly #scopes: CancellationScopes;
  readonly #lost = deferred<never>();
  #attempts = 0;
  #over = false;

  constructor(host: WorkflowHost, options: WorkflowRunOptions = {}) {
    this.#host = host;
    this.#options = options;
    this.#scopes = new CancellationScopes(host);
  }

  /** From now on everything that is not shielded fails as cancelled. */
  cancel(): void {
    this.#scopes.root.cancel();
  }

  /** Terminates the run; its activities under way continue. */
  lose(): void {
    this.#lost.reject(new RunLost('lost'));
  }

  async run(input: AuditSnapshotInput): Promise<AuditSnapshotResult> {
    try {
      return await Promise.race([this.#execute(input), this.#lost.promise]);
    } finally {
      this.#over = true;
    }
  }

  async #execute(given: AuditSnapshotInput): Promise<AuditSnapshotResult> {
    let state: ContinuedState | undefined;
    for (;;) {
      this.executions++;
      this.#attempts = 0;
      const engine = this.#engine();
      const input = checkInput(engine, given);
      try {
        return await runJob(engine, new SnapshotProgressTracker(engine, input, state), input, state);
      } catch (error) {
        if (!(error instanceof ContinuedAsNew)) throw error;
        ({ state } = error);
      }
    }
  }

  #engine(): WorkflowEngine {
    const scopes = this.#scopes;
    const { continueAfter = Number.POSITIVE_INFINITY, onProgress } = this.#options;
    return {
      call: (name, _summary, input) => this.#call(name, input),
      nowMs: () => this.#host.nowMs(),
      sleep: (ms) => scopes.sleep(ms),
      withDeadline: (ms, work) => scopes.withDeadline(ms, work),
      shielded: (work) => scopes.shielded(work),
      throwIfCancelled: () => scopes.current.throwIfCancelled(),
      isCancellation: (error) => error instanceof CancelledFailure,
      shouldContinueAsNew: () => this.#attempts >= continueAfter,
      patched: () => true,
      continueAsNew: (state) => Promise.reject(new ContinuedAsNew(state)),
      isContinueAsNew: (error) => error instanceof ContinuedAsNew || error instanceof ProcessDied,
      failureOf: (error) => ({
        code: failureCode(error),
        message: error instanceof Error ? error.message : String(error),
      }),
      failed: ({ code, message }) => ApplicationFailure.nonRetryable(message, code),
      publish: (progress) => onProgress?.(progress),
    };
  }

  async #call<N extends ActivityName>(name: N, input: ActivityInput<N>): Promise<ActivityOutput<N>> {
    const { onHistory, maxAttempts = Number.POSITIVE_INFINITY } = this.#options;
    const scheduledTimestampMs = this.#host.nowMs();
    onHistory?.(input);
    for (let attempt = 1; ; attempt++) {
      if (this.#over) return new Promise<never>(() => undefined);
      this.#scopes.current.throwIfCancelled();
      this.#attempts++;
      try {
        const info = {
          attempt,
          scheduledTimestampMs,
          currentAttemptScheduledTimestampMs: this.#host.nowMs(),
        };
        const output = await this.#attempt(name, input, info);
        onHistory?.(output);
        return output;
      } catch (error) {
        onHistory?.(error instanceof Error ? error.message : error);
        const retryable = error instanceof ApplicationFailure && error.nonRetryable !== true;
        if (!retryable || attempt >= maxAttempts) throw error;
        if (error.type === 'TIMED_OUT') await this.#scopes.sleep(HEARTBEAT_TIMEOUT_MS);
        await this.#scopes.sleep(Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1)));
      }
    }
  }

  async #attempt<N extends ActivityName>(
    name: N,
    input: ActivityInput<N>,
    info: AttemptInfo,
  ): Promise<ActivityOutput<N>> {
    const scope = this.#scopes.current;
    this.#host.beforeAttempt?.(name, info.attempt);
    scope.throwIfCancelled();
    const output = this.#host.attempt(name, input, info);
    return this.#options.waitsForActivities ? output : scope.race(output);
  }
}

/** The stable code of a failure; LOST for a run that was terminated. */
export function failureCode(error: unknown): string {
  if (error instanceof ApplicationFailure) return error.type ?? 'INTERNAL';
  return error instanceof RunLost ? 'LOST' : 'INTERNAL';
}
