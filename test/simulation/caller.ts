/** One try of an activity, as the network sees it: the side that makes calls. */
export class Caller {
  /** How the try is told that nobody waits for it any more. */
  onTimeout: () => void = () => undefined;
  /** Told before its code goes on with an answer. */
  onGoingOn: () => void = () => undefined;
  dead = false;
  waiting = 0;
  #ended = false;
  #stopped: () => void = () => undefined;

  /** It waits for an answer. */
  stops(): void {
    this.#stopped();
  }

  /** It has come to its end; what it started beside that may still make calls. */
  ends(): void {
    this.#ended = true;
    this.#stopped();
  }

  /** Resolves when the code of this caller has come as far as it gets without another answer. */
  async goneOn(): Promise<void> {
    if (this.waiting > 0 || this.#ended) await turn();
    else await new Promise<void>((resolve) => (this.#stopped = resolve));
    await turn();
  }
}

/** Lets all code run on that waits for nothing but other code: a tick comes when no promise has anything left to say. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}
