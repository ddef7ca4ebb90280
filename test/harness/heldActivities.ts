import { EventEmitter, once } from 'node:events';
import { activityInfo } from '@temporalio/activity';
import { snapshotIdOf } from '../../src/contract/names';
import { eventually } from './eventually';
import type { Moment } from './faultPoints';
import type { ActivityName } from './sealingActivities';

/** One call of an activity that is held. */
export interface HeldActivity {
  /** True when the call is held, false when it was released before it came; rejects after four minutes without either. */
  reached(): Promise<boolean>;
  /** Lets the call continue, now or when it comes. */
  release(): void;
}

const REACH_MS = 240_000;

interface Hold {
  readonly snapshotId: string;
  readonly activity: ActivityName;
  readonly moment: Moment;
  readonly exceptRunIds: ReadonlySet<string>;
  readonly gate: Promise<void>;
  reachedBy: string | undefined;
}

type Activity = (input: unknown) => Promise<unknown>;

/** A seam around the activities of a worker: a test names an activity of a job, and its next call is held there. */
export class HeldActivities {
  readonly #holds: Hold[] = [];
  readonly #releases: (() => void)[] = [];
  readonly #describe: (jobId: string) => Promise<string>;
  #running = 0;

  /** `describe` says where the run of a job is, for the message of a wait that failed. */
  constructor(describe: (jobId: string) => Promise<string>) {
    this.#describe = describe;
  }

  /** Holds the next call of `activity` for that job that no other hold has taken; runs in `exceptRunIds` pass. */
  hold(
    jobId: string,
    activity: ActivityName,
    moment: Moment,
    exceptRunIds: readonly string[] = [],
  ): HeldActivity {
    const events = new EventEmitter();
    const hold: Hold = {
      snapshotId: snapshotIdOf(jobId),
      activity,
      moment,
      exceptRunIds: new Set(exceptRunIds),
      gate: once(events, 'release').then(() => undefined),
      reachedBy: undefined,
    };
    let released = false;
    const release = (): void => {
      released = true;
      events.emit('release');
      const index = this.#holds.indexOf(hold);
      if (index >= 0) this.#holds.splice(index, 1);
    };
    this.#holds.push(hold);
    this.#releases.push(release);
    const reached = async (): Promise<boolean> => {
      const what = `${moment} ${activity} of ${jobId}`;
      const isOver = (): boolean => hold.reachedBy !== undefined || released;
      await eventually(what, isOver, REACH_MS, () => this.#describe(jobId));
      return hold.reachedBy !== undefined;
    };
    return { reached, release };
  }

  /** Resolves when no call is under way, held ones included. */
  async idle(): Promise<void> {
    await eventually('the end of the activities that were released', () => this.#running === 0);
  }

  releaseAll(): void {
    for (const release of this.#releases.splice(0)) release();
  }

  wrap<A extends object>(activities: A): A {
    const wrapped = Object.entries(activities).map(([activity, run]) => [
      activity,
      async (input: unknown): Promise<unknown> => {
        this.#running++;
        try {
          await this.#pass(activity, 'before', input);
          const output = await (run as Activity)(input);
          await this.#pass(activity, 'after', input);
          return output;
        } finally {
          this.#running--;
        }
      },
    ]);
    return Object.fromEntries(wrapped) as A;
  }

  async #pass(activity: string, moment: Moment, input: unknown): Promise<void> {
    const snapshotId = snapshotOf(input);
    const runId = activityInfo().workflowExecution?.runId ?? '';
    const index = this.#holds.findIndex(
      (hold) =>
        hold.activity === activity &&
        hold.moment === moment &&
        hold.snapshotId === snapshotId &&
        !hold.exceptRunIds.has(runId),
    );
    const [hold] = index < 0 ? [] : this.#holds.splice(index, 1);
    if (!hold) return;
    hold.reachedBy = runId;
    await hold.gate;
  }
}

/** The first and the last activity are called by job, those in between by snapshot. */
function snapshotOf(input: unknown): string | undefined {
  const { jobId, snapshotId } = (input ?? {}) as { jobId?: string; snapshotId?: string };
  return snapshotId ?? (jobId === undefined ? undefined : snapshotIdOf(jobId));
}
