import { EventEmitter, once } from 'node:events';
import { activityInfo } from '@temporalio/activity';
import type { SnapshotActivities } from '../../src/contract/activities';
import { snapshotIdOf } from '../../src/contract/names';
import { eventually } from './eventually';

export type Step = keyof SnapshotActivities;

/** Where a step is held: nothing of it has happened yet, or all of it has and the worker has not said so. */
export type Moment = 'before' | 'after';

/** One call of an activity that stands still. */
export interface HeldStep {
  /** True when the call stands there, false when it was let go before it came; rejects after two minutes without either. */
  reached(): Promise<boolean>;
  /** Lets the call go on, now or when it comes. */
  release(): void;
}

const REACH_MS = 120_000;

interface Hold {
  readonly snapshotId: string;
  readonly step: Step;
  readonly moment: Moment;
  readonly passedBy: ReadonlySet<string>;
  readonly gate: Promise<void>;
  reachedBy: string | undefined;
}

type Activity = (input: unknown) => Promise<unknown>;

/** A seam around the activities of a worker: a test names a step of a job, and its next call stands still there. */
export class HeldSteps {
  readonly #holds: Hold[] = [];
  readonly #releases: (() => void)[] = [];
  #running = 0;

  /** Holds the next call of `step` for that job that nobody else holds; calls of the runs `except` are let pass. */
  hold(jobId: string, step: Step, moment: Moment, except: readonly string[] = []): HeldStep {
    const events = new EventEmitter();
    const hold: Hold = {
      snapshotId: snapshotIdOf(jobId),
      step,
      moment,
      passedBy: new Set(except),
      gate: once(events, 'release').then(() => undefined),
      reachedBy: undefined,
    };
    let released = false;
    const release = (): void => {
      released = true;
      events.emit('release');
      const place = this.#holds.indexOf(hold);
      if (place >= 0) this.#holds.splice(place, 1);
    };
    this.#holds.push(hold);
    this.#releases.push(release);
    const reached = async (): Promise<boolean> => {
      const what = `${moment} ${step} of ${jobId}`;
      await eventually(what, () => hold.reachedBy !== undefined || released, REACH_MS);
      return hold.reachedBy !== undefined;
    };
    return { reached, release };
  }

  /** Resolves when no call runs, held ones included. */
  async idle(): Promise<void> {
    await eventually('steps that were let go come to their end', () => this.#running === 0);
  }

  releaseAll(): void {
    for (const release of this.#releases.splice(0)) release();
  }

  wrap<A extends object>(activities: A): A {
    const wrapped = Object.entries(activities).map(([step, run]) => [
      step,
      async (input: unknown): Promise<unknown> => {
        this.#running++;
        try {
          await this.#pass(step, 'before', input);
          const output = await (run as Activity)(input);
          await this.#pass(step, 'after', input);
          return output;
        } finally {
          this.#running--;
        }
      },
    ]);
    return Object.fromEntries(wrapped) as A;
  }

  async #pass(step: string, moment: Moment, input: unknown): Promise<void> {
    const snapshotId = snapshotOf(input);
    const runId = activityInfo().workflowExecution?.runId ?? '';
    const place = this.#holds.findIndex(
      (hold) =>
        hold.step === step &&
        hold.moment === moment &&
        hold.snapshotId === snapshotId &&
        !hold.passedBy.has(runId),
    );
    const [hold] = place < 0 ? [] : this.#holds.splice(place, 1);
    if (!hold) return;
    hold.reachedBy = runId;
    await hold.gate;
  }
}

/** The first and the last step are asked by job, those in between by snapshot. */
function snapshotOf(input: unknown): string | undefined {
  const { jobId, snapshotId } = (input ?? {}) as { jobId?: string; snapshotId?: string };
  return snapshotId ?? (jobId === undefined ? undefined : snapshotIdOf(jobId));
}
