interface Timer {
  readonly atMs: number;
  readonly action: () => void;
}

/** Time that passes only when nothing else can happen. */
export class VirtualTime {
  #nowMs: number;
  #timers: Timer[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  /** Lets time pass without anything happening in it. */
  pass(ms: number): void {
    this.#nowMs += ms;
  }

  /** Runs `action` after `ms`; returns what calls it off. Timers of one instant go off in the order they were set. */
  after(ms: number, action: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, action };
    const place = this.#timers.findIndex(({ atMs }) => atMs > timer.atMs);
    this.#timers.splice(place < 0 ? this.#timers.length : place, 0, timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Moves on to the next timer and lets it go off; false when there is none. */
  next(): boolean {
    const timer = this.#timers.shift();
    if (!timer) return false;
    this.#nowMs = Math.max(this.#nowMs, timer.atMs);
    timer.action();
    return true;
  }
}
