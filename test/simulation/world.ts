import { ApplicationFailure } from '@temporalio/common';
import { createActivities } from '../../activities/createActivities';
import { workflowIdOf } from '../../src/contract/names';
import type { AuditSnapshotInput, AuditSnapshotResult, Progress } from '../../src/contract/snapshot';
import type { SealingDeps } from '../../src/sealing/deps';
import { contextOf } from '../harness/activityAttempt';
import { deferred } from '../harness/deferred';
import type { ActivityName } from '../harness/sealingActivities';
import {
  WorkflowRun,
  failureCode,
  type ActivityInput,
  type ActivityOutput,
  type AttemptInfo,
  type WorkflowHost,
} from '../harness/workflowRun';
import { enterContext } from './activityContext';
import { Caller, turn } from './caller';
import type { Plan } from './plan';
import type { PlantedBug } from './plantedBug';
import { SimulatedNetwork, type Change, type Effect } from './simulatedNetwork';
import type { ServerAnswers } from './serverAnswers';
import type { VirtualTime } from './virtualTime';

/** Between the end of a run and the next one of the same job, as an operator or a schedule would start it. */
const BETWEEN_RUNS_MS = 60_000;
const MAX_RUNS = 12;
/** More than any plan needs: a simulation that takes longer does not end. */
const MAX_CALLS = 20_000;

export interface WorldOptions {
  readonly plan: Plan;
  readonly answers: ServerAnswers;
  readonly time: VirtualTime;
  readonly deps: SealingDeps;
  /** Workflows that are open, as the leases see them. */
  readonly open: Set<string>;
  readonly continueAfter?: number;
  readonly bug?: PlantedBug | undefined;
  /** Failures after which the job is not started again. */
  readonly finalCodes: ReadonlySet<string>;
  /** Whether jobs that end together start again in turns: first the one that was last before. */
  readonly inTurns?: boolean;
  readonly change: (kind: Change) => void;
  readonly observe: (effect: Effect) => Promise<void>;
  /** Called with everything an engine stores in its history: input, output and failure of each activity. */
  readonly onHistory: (payload: unknown) => void;
}

/** How a job ended for good. */
export interface JobEnding {
  readonly jobId: string;
  readonly runs: number;
  /** Attempts of the last run. */
  readonly attempts: number;
  readonly result?: AuditSnapshotResult;
  /** Failure of the last run. */
  readonly code?: string;
}

/**
 * The real orchestration and the real activities in one process, on virtual time: a workflow engine, its workers and
 * the operators that start jobs, all of them subject to a plan of faults.
 */
export class World implements WorkflowHost {
  readonly network: SimulatedNetwork;
  readonly #options: WorldOptions;
  readonly #callers = new Set<Caller>();
  readonly #started: Promise<void>[] = [];
  readonly #runs = new Set<WorkflowRun>();

  constructor(options: WorldOptions) {
    this.#options = options;
    const { plan, answers, time, observe, change } = options;
    const faultActions = {
      killWorker: () => this.#killWorker(),
      loseRun: () => [...this.#runs].forEach((run) => run.lose()),
      cancel: () => [...this.#runs].forEach((run) => run.cancel()),
      change,
    };
    const { withoutDeadline } = options.bug ?? {};
    this.network = new SimulatedNetwork({ plan, answers, time, faultActions, observe, withoutDeadline });
  }

  /** Runs the jobs side by side until nothing can happen any more, calls that were held back included. */
  async run(inputs: readonly AuditSnapshotInput[]): Promise<readonly JobEnding[]> {
    const endings = Promise.all(inputs.map((input, index) => this.#runJob(input, inputs.length, index)));
    let ended = false;
    // A rejection is reported when the endings are awaited below.
    void endings.finally(() => (ended = true)).catch(() => undefined);
    for (;;) {
      while (this.#started.length > 0) await this.#started.shift();
      if (this.network.calls > MAX_CALLS) throw new Error('the simulation does not come to an end');
      if (await this.network.step()) continue;
      await turn();
      if (this.#started.length > 0) continue;
      if (!ended && this.#options.time.fireNext()) await turn();
      else if (this.network.releaseHeld()) continue;
      else if (ended) return endings;
      else throw new Error('nothing moves, and the jobs have not ended');
    }
  }

  nowMs(): number {
    return this.#options.time.nowMs();
  }

  sleep(ms: number): Promise<void> {
    return this.#options.time.sleep(ms);
  }

  after(ms: number, action: () => void): () => void {
    return this.#options.time.after(ms, action);
  }

  /** Fails as TIMED_OUT when the attempt is held back past its heartbeat or its worker dies. */
  attempt<N extends ActivityName>(
    name: N,
    input: ActivityInput<N>,
    info: AttemptInfo,
  ): Promise<ActivityOutput<N>> {
    const { deps, bug } = this.#options;
    const caller = new Caller();
    this.#callers.add(caller);
    const connected = this.network.connect(deps, caller);
    const context = contextOf(info);
    caller.onResume = () => enterContext(context);
    const real = createActivities(bug?.deps?.(connected) ?? connected);
    const activities = bug?.activities?.(real) ?? real;
    const activity = activities[name] as unknown as (given: typeof input) => Promise<ActivityOutput<N>>;
    const timedOut = deferred<never>();
    caller.onTimeout = () => {
      this.#callers.delete(caller);
      timedOut.reject(ApplicationFailure.retryable('no heartbeat', 'TIMED_OUT'));
    };
    this.#started.push(caller.settled());
    enterContext(context);
    const work = activity(input).finally(() => {
      this.#callers.delete(caller);
      caller.end();
    });
    return Promise.race([work, timedOut.promise]);
  }

  /** Starts a job again until it ends for good, as an operator does who needs its snapshot. */
  async #runJob(input: AuditSnapshotInput, jobs: number, index: number): Promise<JobEnding> {
    const { jobId } = input;
    let attempts = 1;
    const onProgress = ({ attempt }: Progress): void => void (attempts = attempt);
    for (let runs = 1; ; runs++) {
      try {
        const result = await this.#runWorkflow(input, onProgress);
        return { jobId, runs, attempts, result };
      } catch (error) {
        const code = failureCode(error);
        if (this.#options.finalCodes.has(code)) return { jobId, runs, attempts, code };
        if (runs === MAX_RUNS) throw error;
      }
      const turns = this.#options.inTurns ? ((index + runs) % jobs) + 1 : 1;
      await this.sleep(turns * BETWEEN_RUNS_MS);
    }
  }

  async #runWorkflow(
    input: AuditSnapshotInput,
    onProgress: (progress: Progress) => void,
  ): Promise<AuditSnapshotResult> {
    const { open, continueAfter, onHistory } = this.#options;
    const workflowId = workflowIdOf(input.jobId);
    const run = new WorkflowRun(this, {
      onHistory,
      onProgress,
      ...(continueAfter === undefined ? {} : { continueAfter }),
    });
    open.add(workflowId);
    this.#runs.add(run);
    try {
      return await run.run(input);
    } finally {
      this.#runs.delete(run);
      open.delete(workflowId);
    }
  }

  /** Ends every activity under way; those that are held back belong to earlier workers. */
  #killWorker(): void {
    for (const caller of this.#callers) {
      caller.onTimeout();
      this.network.drop(caller);
    }
  }
}
