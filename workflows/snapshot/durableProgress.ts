import { STAGES, type Stage } from '../../src/contract/snapshot';

/**
 * How far the durable state of a snapshot is: records that are hashed, then the stage, then chunks that are marked without
 * a gap. Compared from the left, because each begins when the one before is complete.
 */
export type Reach = readonly [hashed: number, stage: number, markedChunks: number];

/** Stages that begin only when the steps before them are durable. Earlier ones are repeated by every attempt. */
const FIRST_DURABLE_STAGE = STAGES.indexOf('manifest');
const LAST_DURABLE_STAGE = STAGES.indexOf('recording');

/**
 * Tells whether an attempt moved the durable state forward. What it repeats does not count, so the attempts that moved it
 * are finite: there are only so many records and chunks.
 */
export class DurableProgress {
  /** Before the attempt; undefined until the state is known for the first time. */
  #before: Reach | undefined;
  #reached: Reach = [0, 0, 0];

  /** `before` is what the run before a continue-as-new knew. */
  constructor(before?: Reach) {
    this.#before = before;
  }

  /** The state that an attempt found. What the first one finds is the work of an earlier run. */
  opened(hashed: number, markedChunks: number): void {
    this.#before ??= [hashed, 0, markedChunks];
    this.hashed(hashed);
    this.marked(markedChunks);
  }

  hashed(records: number): void {
    const [hashed, stage, marked] = this.#reached;
    this.#reached = [Math.max(hashed, records), stage, marked];
  }

  entered(name: Stage): void {
    const index = STAGES.indexOf(name);
    if (index < FIRST_DURABLE_STAGE || index > LAST_DURABLE_STAGE) return;
    const [hashed, stage, marked] = this.#reached;
    this.#reached = [hashed, Math.max(stage, index), marked];
  }

  /** `chunks`: all up to this one are marked. */
  marked(chunks: number): void {
    const [hashed, stage, marked] = this.#reached;
    this.#reached = [hashed, stage, Math.max(marked, chunks)];
  }

  /** The state before the current attempt, for the next run of a continue-as-new. */
  get before(): Reach | undefined {
    return this.#before;
  }

  /** Ends the attempt; true when it moved the state forward. */
  endAttempt(): boolean {
    if (this.#before === undefined || !isBeyond(this.#reached, this.#before)) return false;
    this.#before = this.#reached;
    return true;
  }
}

function isBeyond(reached: Reach, before: Reach): boolean {
  const index = reached.findIndex((value, at) => value !== before[at]);
  return index >= 0 && reached[index]! > before[index]!;
}
