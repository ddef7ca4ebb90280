import type { Timers } from '../harness/cancellationScopes';

interface Timer {
  readonly atMs: number;
  readonly action: () => void;
}

/** Time that passes only when nothing else can happen. */
export class VirtualTime implements Timers {
  #nowMs: number;
  #timers: Timer[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  /** Lets time pass without firing a timer. */
  pass(ms: number): void {
    this.#nowMs += ms;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  /** Timers of one instant fire in the order they were set. */
  after(ms: number, action: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, action };
    const index = this.#timers.findIndex(({ atMs }) => atMs > timer.atMs);
    this.#timers.splice(index < 0 ? this.#timers.length : index, 0, timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Advances to the next timer and fires it; false when there is none. */
  fireNext(): boolean {
    const timer = this.#timers.shift();
    if (!timer) return false;
    this.#nowMs = Math.max(this.#nowMs, timer.atMs);
    timer.action();
    return true;
  }
}
