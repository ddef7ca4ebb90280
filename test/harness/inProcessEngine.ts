import { AsyncLocalStorage } from 'node:async_hooks';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createActivities } from '../../activities/createActivities';
import type { SealingDeps } from '../../src/sealing/deps';
import type { SnapshotActivities } from '../../src/contract/activities';
import type {
  AuditSnapshotInput,
  AuditSnapshotResult,
  ContinuedState,
  Progress,
} from '../../src/contract/snapshot';
import { checkInput } from '../../workflows/snapshot/checkInput';
import type { WorkflowEngine } from '../../workflows/snapshot/workflowEngine';
import { SnapshotProgressTracker } from '../../workflows/snapshot/snapshotProgressTracker';
import { runJob } from '../../workflows/snapshot/runJob';

/** Every failed try is a warning to the worker; here faults are planned. */
const QUIET = new DefaultLogger('ERROR');

type ActivityName = keyof SnapshotActivities;

/** Signals that a run ended by continue-as-new. */
class Continued extends Error {
  readonly carry: ContinuedState;
  constructor(carry: ContinuedState) {
    super('continued as new');
    this.carry = carry;
  }
}

/** The process is gone; the orchestration sees a failure that nothing can be done about. */
class Died extends Error {
  constructor() {
    super('died');
  }
}

export interface InProcessOptions {
  /** Called in front of every try of an activity; what it throws is that try's failure. */
  readonly before?: (name: ActivityName, attempt: number) => void;
  /** History counts as long after this many activities. Default never. */
  readonly continueAfter?: number;
  readonly triesPerActivity?: number;
  /** The process dies in front of this activity: nothing more of the run happens, no rollback either. */
  readonly dieBefore?: ActivityName;
}

/**
 * Runs the real orchestration and the real activities in this process, without a server and without time: a retry
 * comes at once, a pause takes no time and no attempt runs out of its time.
 */
export class InProcessRun {
  readonly calls: ActivityName[] = [];
  readonly published: Progress[] = [];
  runs = 0;
  readonly #activities: SnapshotActivities;
  readonly #options: InProcessOptions;
  readonly #deps: SealingDeps;
  readonly #shield = new AsyncLocalStorage<boolean>();
  #schedules = Date.now();
  #cancelled = false;
  #dead = false;
  #sinceStart = 0;

  constructor(deps: SealingDeps, options: InProcessOptions = {}) {
    this.#deps = deps;
    this.#activities = createActivities(deps);
    this.#options = options;
  }

  /** From now on everything that is not shielded fails as cancelled. */
  cancel(): void {
    this.#cancelled = true;
  }

  async run(given: AuditSnapshotInput): Promise<AuditSnapshotResult> {
    let carry: ContinuedState | undefined;
    for (;;) {
      this.runs++;
      this.#sinceStart = 0;
      const flow = this.#flow();
      const input = checkInput(flow, given);
      try {
        return await runJob(flow, new SnapshotProgressTracker(flow, input), input, carry);
      } catch (error) {
        if (!(error instanceof Continued)) throw error;
        ({ carry } = error);
      }
    }
  }

  #flow(): WorkflowEngine {
    return {
      call: (name, _summary, input) => this.#call(name, input),
      nowMs: () => this.#deps.clock.nowMs(),
      sleep: () => this.#step(),
      withDeadline: (_ms, run) => run(),
      shielded: (run) => this.#shield.run(true, run),
      throwIfCancelled: () => this.#throwIfCancelled(),
      isCancellation: (error) => error instanceof CancelledFailure,
      shouldContinueAsNew: () =>
        this.#sinceStart >= (this.#options.continueAfter ?? Number.POSITIVE_INFINITY),
      continueAsNew: (carry) => Promise.reject(new Continued(carry)),
      isContinueAsNew: (error) => error instanceof Continued || error instanceof Died,
      failureOf: (error) =>
        error instanceof ApplicationFailure
          ? { code: error.type ?? 'INTERNAL', message: error.message }
          : { code: 'INTERNAL', message: String(error) },
      failed: ({ code, message }) => ApplicationFailure.nonRetryable(message, code),
      publish: (progress) => void this.published.push(progress),
    };
  }

  async #step(): Promise<void> {
    this.#throwIfCancelled();
    return Promise.resolve();
  }

  #throwIfCancelled(): void {
    if (this.#cancelled && this.#shield.getStore() !== true) throw new CancelledFailure('cancelled');
  }

  async #call<N extends ActivityName>(
    name: N,
    input: Parameters<SnapshotActivities[N]>[0],
  ): Promise<Awaited<ReturnType<SnapshotActivities[N]>>> {
    for (let attempt = 1; ; attempt++) {
      await this.#step();
      this.#dead ||= name === this.#options.dieBefore;
      if (this.#dead) throw new Died();
      this.calls.push(name);
      this.#sinceStart++;
      try {
        this.#options.before?.(name, attempt);
        await this.#step();
        type Output = Awaited<ReturnType<SnapshotActivities[N]>>;
        const activity = this.#activities[name] as unknown as (argument: typeof input) => Promise<Output>;
        const scheduledTimestampMs = ++this.#schedules;
        return await new MockActivityEnvironment({ attempt, scheduledTimestampMs }, { logger: QUIET }).run<
          [typeof input],
          Output,
          typeof activity
        >(activity, input);
      } catch (error) {
        const retryable = error instanceof ApplicationFailure && error.nonRetryable !== true;
        if (!retryable || attempt >= (this.#options.triesPerActivity ?? 20)) throw error;
      }
    }
  }
}
