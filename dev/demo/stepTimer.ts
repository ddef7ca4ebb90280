import type { DemoOutput } from './output';

/** Announces each step of the demo when it begins, and how long it took. */
export class StepTimer {
  readonly seconds: Record<string, number> = {};
  readonly #note: DemoOutput['note'];
  readonly #nowMs: () => number;

  constructor(note: DemoOutput['note'], nowMs: () => number = Date.now) {
    this.#note = note;
    this.#nowMs = nowMs;
  }

  async run<T>(name: string, description: string, step: () => Promise<T>): Promise<T> {
    const startMs = this.#nowMs();
    this.#note(`\n▸ ${name}: ${description}`);
    const value = await step();
    const seconds = (this.#nowMs() - startMs) / 1000;
    this.seconds[name] = seconds;
    this.#note(`  ${name} took ${seconds.toFixed(1)} s`);
    return value;
  }
}
