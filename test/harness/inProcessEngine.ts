import { createActivities } from '../../activities/createActivities';
import type { SnapshotActivities } from '../../src/contract/activities';
import type { AuditSnapshotInput, AuditSnapshotResult, Progress } from '../../src/contract/snapshot';
import { workflowIdOf } from '../../src/contract/names';
import type { SealingDeps } from '../../src/sealing/deps';
import { FakeWorkflowStatusReader } from './fakes/fakeWorkflowStatusReader';
import { runAttempt } from './activityAttempt';
import type { ActivityName } from './sealingActivities';
import {
  ProcessDied,
  WorkflowRun,
  type ActivityInput,
  type ActivityOutput,
  type AttemptInfo,
  type WorkflowHost,
} from './workflowRun';

const MAX_ATTEMPTS = 20;

export interface InProcessOptions {
  /** Called before every attempt of an activity; what it throws is the failure of that attempt. */
  readonly before?: (name: ActivityName, attempt: number) => void;
  /** The history counts as long after this many attempts. Default never. */
  readonly continueAfter?: number;
  /** Attempts of one activity until its failure is final. Default 20. */
  readonly maxAttempts?: number;
  /** The process dies before this activity: nothing more of the run happens, no rollback either. */
  readonly dieBefore?: ActivityName;
}

/**
 * Runs the real orchestration and the real activities in this process, without a server and without time: a retry
 * begins at once, a pause takes no time and no attempt runs out of its time.
 */
export class InProcessRun implements WorkflowHost {
  readonly calls: ActivityName[] = [];
  readonly published: Progress[] = [];
  /** Characters of the largest input, output or failure of an activity, as JSON. */
  largestPayload = 0;
  readonly #activities: SnapshotActivities;
  readonly #options: InProcessOptions;
  readonly #deps: SealingDeps;
  readonly #run: WorkflowRun;
  #scheduledMs = Date.now();
  #dead = false;

  constructor(deps: SealingDeps, options: InProcessOptions = {}) {
    const { continueAfter, maxAttempts = MAX_ATTEMPTS } = options;
    this.#deps = deps;
    this.#activities = createActivities(deps);
    this.#options = options;
    this.#run = new WorkflowRun(this, {
      maxAttempts,
      waitsForActivities: true,
      ...(continueAfter === undefined ? {} : { continueAfter }),
      onProgress: (progress) => void this.published.push(progress),
      onHistory: (payload) => {
        this.largestPayload = Math.max(this.largestPayload, JSON.stringify(payload ?? null).length);
      },
    });
  }

  /** One, and one more for each continue-as-new. */
  get executions(): number {
    return this.#run.executions;
  }

  /** From now on everything that is not shielded fails as cancelled. */
  cancel(): void {
    this.#run.cancel();
  }

  /** Rejects with the failure of the run: an ApplicationFailure, a CancelledFailure, or "died". */
  async run(input: AuditSnapshotInput): Promise<AuditSnapshotResult> {
    const { workflowStatus } = this.#deps;
    if (!(workflowStatus instanceof FakeWorkflowStatusReader)) return this.#run.run(input);
    const workflowId = workflowIdOf(input.jobId);
    workflowStatus.open.add(workflowId);
    try {
      return await this.#run.run(input);
    } finally {
      workflowStatus.open.delete(workflowId);
    }
  }

  nowMs(): number {
    return this.#deps.clock.nowMs();
  }

  sleep(): Promise<void> {
    return Promise.resolve();
  }

  after(): () => void {
    return () => undefined;
  }

  beforeAttempt(name: ActivityName, attempt: number): void {
    this.#dead ||= name === this.#options.dieBefore;
    if (this.#dead) throw new ProcessDied();
    this.calls.push(name);
    this.#options.before?.(name, attempt);
  }

  attempt<N extends ActivityName>(
    name: N,
    input: ActivityInput<N>,
    { attempt, currentAttemptScheduledTimestampMs }: AttemptInfo,
  ): Promise<ActivityOutput<N>> {
    // The clock of the fakes does not move, but the scheduled time has to distinguish a later call from an earlier one.
    const scheduledTimestampMs = ++this.#scheduledMs;
    const activity = this.#activities[name] as unknown as (given: typeof input) => Promise<ActivityOutput<N>>;
    const info = { attempt, scheduledTimestampMs, currentAttemptScheduledTimestampMs };
    return runAttempt(info, () => activity(input));
  }
}
