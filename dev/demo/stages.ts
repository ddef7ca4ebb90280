import type { Output } from '../../src/cli/output';

/** Says each stage of the demo when it begins, and how long it took. */
export class Stages {
  readonly seconds: Record<string, number> = {};
  readonly #output: Output;
  readonly #nowMs: () => number;

  constructor(output: Output, nowMs: () => number = Date.now) {
    this.#output = output;
    this.#nowMs = nowMs;
  }

  async run<T>(name: string, what: string, stage: () => Promise<T>): Promise<T> {
    const startMs = this.#nowMs();
    this.#output.note(`\n▸ ${name}: ${what}`);
    const value = await stage();
    const seconds = (this.#nowMs() - startMs) / 1000;
    this.seconds[name] = seconds;
    this.#output.note(`  ${name} took ${seconds.toFixed(1)} s`);
    return value;
  }
}
