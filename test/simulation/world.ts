import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { createActivities } from '../../activities/createActivities';
import type { SealingDeps } from '../../src/sealing/deps';
import type { SnapshotActivities } from '../../src/contract/activities';
import { workflowIdOf } from '../../src/contract/names';
import type { AuditSnapshotInput, AuditSnapshotResult, ContinuedState } from '../../src/contract/snapshot';
import { checkInput } from '../../workflows/snapshot/checkInput';
import type { WorkflowEngine } from '../../workflows/snapshot/workflowEngine';
import { SnapshotProgressTracker } from '../../workflows/snapshot/snapshotProgressTracker';
import { runJob } from '../../workflows/snapshot/runJob';
import { contextOf, enterContext } from './activityContext';
import { Caller, turn } from './caller';
import { Network, type Change, type Effect } from './network';
import type { Plan } from './plan';
import { Scopes, deferred } from './scopes';
import type { VirtualTime } from './virtualTime';

/** A try that says nothing is given up after this long; then, and after a failure, the next one waits. */
const HEARTBEAT_TIMEOUT_MS = 15_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
/** Between the end of a run and the next one of the same job, as an operator or a schedule would start it. */
const BETWEEN_RUNS_MS = 60_000;
const MAX_RUNS = 12;
/** More than any plan needs: a simulation that goes on for longer does not end. */
const MAX_CALLS = 20_000;

type Activities = SnapshotActivities;
type ActivityName = keyof Activities;
type Output<N extends ActivityName> = Awaited<ReturnType<Activities[N]>>;

class Continued extends Error {
  readonly carry: ContinuedState;
  constructor(carry: ContinuedState) {
    super('continued as new');
    this.carry = carry;
  }
}

/** Nobody waits for this run any more. */
class Lost extends Error {}

/** Changes what runs, so that a campaign can prove that it notices: a planted bug. */
export interface Seam {
  readonly deps?: (deps: SealingDeps) => SealingDeps;
  readonly activities?: (activities: Activities) => Activities;
  readonly flow?: (flow: WorkflowEngine) => WorkflowEngine;
}

export interface WorldOptions {
  readonly plan: Plan;
  readonly time: VirtualTime;
  readonly deps: SealingDeps;
  /** Workflows that are open, as the leases ask for them. */
  readonly open: Set<string>;
  readonly continueAfter?: number;
  readonly seam?: Seam | undefined;
  /** Codes behind which nobody starts the job again. */
  readonly final: ReadonlySet<string>;
  /** Whether jobs that end together start again in turns: first the one that was last before. */
  readonly inTurns?: boolean;
  readonly change: (kind: Change) => void;
  readonly observe: (effect: Effect) => Promise<void>;
  /** Hears what an engine would write down: input, outcome and failure of each activity. */
  readonly onHistory: (payload: unknown) => void;
}

interface Run {
  readonly scopes: Scopes;
  readonly lose: () => void;
  activities: number;
}

export interface JobEnd {
  readonly jobId: string;
  readonly runs: number;
  readonly result?: AuditSnapshotResult;
  /** Code of the last run's failure. */
  readonly code?: string;
}

/**
 * The real orchestration and the real activities in one process, on virtual time: a workflow engine, its workers and
 * whoever starts jobs, all of them at the mercy of a plan of faults.
 */
export class World {
  readonly network: Network;
  readonly #options: WorldOptions;
  readonly #callers = new Set<Caller>();
  readonly #fresh: Promise<void>[] = [];
  readonly #runs = new Set<Run>();

  constructor(options: WorldOptions) {
    this.#options = options;
    const { plan, time, observe, change } = options;
    const powers = {
      killWorker: () => this.#killWorker(),
      loseRun: () => [...this.#runs].forEach((run) => run.lose()),
      cancel: () => [...this.#runs].forEach((run) => run.scopes.root.cancel()),
      change,
    };
    this.network = new Network(plan.faults, plan.order, time, powers, observe);
  }

  /** Runs the jobs side by side until nothing moves any more, whatever was held back included. */
  async run(inputs: readonly AuditSnapshotInput[]): Promise<readonly JobEnd[]> {
    const ends = Promise.all(inputs.map((input, place) => this.#job(input, inputs.length, place)));
    let ended = false;
    // A rejection is heard when the ends are awaited below.
    void ends.finally(() => (ended = true)).catch(() => undefined);
    for (;;) {
      while (this.#fresh.length > 0) await this.#fresh.shift();
      if (this.network.calls > MAX_CALLS) throw new Error('the simulation does not come to an end');
      if (await this.network.step()) continue;
      await turn();
      if (this.#fresh.length > 0) continue;
      if (!ended && this.#options.time.next()) await turn();
      else if (this.network.thaw()) continue;
      else if (ended) return ends;
      else throw new Error('nothing moves, and the jobs have not ended');
    }
  }

  /** Starts a job until it ends for good, as whoever wants its snapshot does. */
  async #job(input: AuditSnapshotInput, jobs: number, place: number): Promise<JobEnd> {
    const { jobId } = input;
    for (let runs = 1; ; runs++) {
      try {
        return { jobId, runs, result: await this.#workflow(input) };
      } catch (error) {
        const code = codeOf(error);
        if (this.#options.final.has(code)) return { jobId, runs, code };
        if (runs === MAX_RUNS) throw error;
      }
      const turns = this.#options.inTurns ? ((place + runs) % jobs) + 1 : 1;
      await new Promise<void>((resolve) => void this.#options.time.after(turns * BETWEEN_RUNS_MS, resolve));
    }
  }

  async #workflow(given: AuditSnapshotInput): Promise<AuditSnapshotResult> {
    const { open } = this.#options;
    const workflowId = workflowIdOf(given.jobId);
    open.add(workflowId);
    const lost = deferred();
    const run: Run = {
      scopes: new Scopes(this.#options.time),
      lose: () => lost.reject(new Lost('lost')),
      activities: 0,
    };
    this.#runs.add(run);
    try {
      return await Promise.race([this.#chain(run, given), lost.promise]);
    } finally {
      this.#runs.delete(run);
      open.delete(workflowId);
    }
  }

  async #chain(run: Run, given: AuditSnapshotInput): Promise<AuditSnapshotResult> {
    let carry: ContinuedState | undefined;
    for (;;) {
      run.activities = 0;
      const flow = this.#flow(run);
      const input = checkInput(flow, given);
      try {
        return await runJob(flow, new SnapshotProgressTracker(flow, input), input, carry);
      } catch (error) {
        if (!(error instanceof Continued)) throw error;
        ({ carry } = error);
      }
    }
  }

  #flow(run: Run): WorkflowEngine {
    const { time, continueAfter = Number.POSITIVE_INFINITY, seam } = this.#options;
    const { scopes } = run;
    const flow: WorkflowEngine = {
      call: (name, _summary, input) => this.#call(run, name, input),
      nowMs: () => time.nowMs(),
      sleep: (ms) => scopes.sleep(ms),
      withDeadline: (ms, work) => scopes.withDeadline(ms, work),
      shielded: (work) => scopes.shielded(work),
      throwIfCancelled: () => scopes.current.throwIfCancelled(),
      isCancellation: (error) => error instanceof CancelledFailure,
      shouldContinueAsNew: () => run.activities >= continueAfter,
      continueAsNew: (carry) => Promise.reject(new Continued(carry)),
      isContinueAsNew: (error) => error instanceof Continued,
      failureOf: (error) => ({
        code: codeOf(error),
        message: error instanceof Error ? error.message : String(error),
      }),
      failed: ({ code, message }) => ApplicationFailure.nonRetryable(message, code),
      publish: () => undefined,
    };
    return seam?.flow?.(flow) ?? flow;
  }

  async #call<N extends ActivityName>(
    run: Run,
    name: N,
    input: Parameters<Activities[N]>[0],
  ): Promise<Output<N>> {
    const { scopes } = run;
    const scheduledTimestampMs = this.#options.time.nowMs();
    this.#options.onHistory(input);
    for (let attempt = 1; ; attempt++) {
      if (!this.#runs.has(run)) return new Promise<never>(() => undefined);
      scopes.current.throwIfCancelled();
      run.activities++;
      try {
        const output = await scopes.current.race(this.#try(name, input, { attempt, scheduledTimestampMs }));
        this.#options.onHistory(output);
        return output;
      } catch (error) {
        this.#options.onHistory(error instanceof Error ? error.message : error);
        const retryable = error instanceof ApplicationFailure && error.nonRetryable !== true;
        if (!retryable) throw error;
        if (error.type === 'TIMED_OUT') await scopes.sleep(HEARTBEAT_TIMEOUT_MS);
        await scopes.sleep(Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1)));
      }
    }
  }

  /** One try of an activity on the worker. Fails as TIMED_OUT when it is frozen or its worker dies. */
  #try<N extends ActivityName>(
    name: N,
    input: Parameters<Activities[N]>[0],
    info: { readonly attempt: number; readonly scheduledTimestampMs: number },
  ): Promise<Output<N>> {
    const { deps, seam } = this.#options;
    const caller = new Caller();
    this.#callers.add(caller);
    const connected = this.network.connect(deps, caller);
    const context = contextOf(info);
    caller.onGoingOn = () => enterContext(context);
    const real = createActivities(seam?.deps?.(connected) ?? connected);
    const activities = seam?.activities?.(real) ?? real;
    const activity = activities[name] as unknown as (argument: typeof input) => Promise<Output<N>>;
    const timedOut = deferred();
    caller.onTimeout = () => {
      this.#callers.delete(caller);
      timedOut.reject(ApplicationFailure.retryable('nobody answered', 'TIMED_OUT'));
    };
    this.#fresh.push(caller.goneOn());
    enterContext(context);
    const work = activity(input).finally(() => {
      this.#callers.delete(caller);
      caller.ends();
    });
    return Promise.race([work, timedOut.promise]);
  }

  /** Ends every activity that runs; frozen ones belong to workers that were given up before. */
  #killWorker(): void {
    for (const caller of this.#callers) {
      caller.onTimeout();
      this.network.bury(caller);
    }
  }
}

function codeOf(error: unknown): string {
  if (error instanceof ApplicationFailure) return error.type ?? 'INTERNAL';
  return error instanceof Lost ? 'LOST' : 'INTERNAL';
}
