import { EventEmitter, once } from 'node:events';
import type { SnapshotActivities } from '../../src/contract/activities';
import { snapshotIdOf } from '../../src/contract/names';
import { eventually } from './eventually';

export type Step = keyof SnapshotActivities;

/** Where a step is held: nothing of it has happened yet, or all of it has and the worker has not said so. */
export type Moment = 'before' | 'after';

/** One call of an activity that stands still. */
export interface HeldStep {
  /** Resolves when the call stands there. */
  readonly reached: Promise<void>;
  /** Lets the call go on; without effect on one that was let go already. */
  release(): void;
}

interface Hold {
  readonly snapshotId: string;
  readonly step: Step;
  readonly moment: Moment;
  readonly events: EventEmitter;
  readonly gate: Promise<void>;
}

type Activity = (input: unknown) => Promise<unknown>;

/** A seam around the activities of a worker: a test names a step of a job, and its next call stands still there. */
export class HeldSteps {
  readonly #holds: Hold[] = [];
  readonly #releases: (() => void)[] = [];
  #running = 0;

  /** Holds the next call of `step` for that job that nobody else holds. */
  hold(jobId: string, step: Step, moment: Moment): HeldStep {
    const events = new EventEmitter();
    const hold = { snapshotId: snapshotIdOf(jobId), step, moment, events, gate: heard(events, 'release') };
    const release = (): void => void events.emit('release');
    this.#holds.push(hold);
    this.#releases.push(release);
    return { reached: heard(events, 'reach'), release };
  }

  /** Resolves when no call runs, held ones included. */
  async idle(): Promise<void> {
    await eventually('steps that were let go come to their end', () => this.#running === 0);
  }

  releaseAll(): void {
    for (const release of this.#releases.splice(0)) release();
    this.#holds.length = 0;
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
    const place = this.#holds.findIndex(
      (hold) => hold.step === step && hold.moment === moment && hold.snapshotId === snapshotId,
    );
    const [hold] = place < 0 ? [] : this.#holds.splice(place, 1);
    hold?.events.emit('reach');
    await hold?.gate;
  }
}

/** The first and the last step are asked by job, those in between by snapshot. */
function snapshotOf(input: unknown): string | undefined {
  const { jobId, snapshotId } = (input ?? {}) as { jobId?: string; snapshotId?: string };
  return snapshotId ?? (jobId === undefined ? undefined : snapshotIdOf(jobId));
}

async function heard(events: EventEmitter, name: string): Promise<void> {
  await once(events, name);
}
