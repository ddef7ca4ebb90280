import type { Clock } from '../../../src/ports/clock';

/** A clock that only `advance` moves. */
export class FakeClock implements Clock {
  #nowMs: number;

  constructor(now = '2026-03-01T12:00:00.000Z') {
    this.#nowMs = Date.parse(now);
  }

  nowMs(): number {
    return this.#nowMs;
  }

  advance(byMs: number): void {
    this.#nowMs += byMs;
  }
}
