/** One attempt of an activity, as the network sees it: the side that makes calls. */
export class Caller {
  /** Fails the attempt, because nobody waits for it any more. */
  onTimeout: () => void = () => undefined;
  /** Called before its code resumes with an answer. */
  onResume: () => void = () => undefined;
  dead = false;
  /** Calls of the network before it was connected. */
  connectedAt = 0;
  /** Calls without an answer yet. */
  pending = 0;
  #ended = false;
  #paused: () => void = () => undefined;

  /** Its code waits for an answer. */
  pause(): void {
    this.#paused();
  }

  /** It has ended; what it started beside that may still make calls. */
  end(): void {
    this.#ended = true;
    this.#paused();
  }

  /** Resolves when the code of this caller cannot advance without another answer. */
  async settled(): Promise<void> {
    if (this.pending > 0 || this.#ended) await turn();
    else await new Promise<void>((resolve) => (this.#paused = resolve));
    await turn();
  }
}

/** Lets all code run that waits for nothing but other code: a tick comes when no promise has a reaction left to run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}
