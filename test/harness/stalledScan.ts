import { EventEmitter, once } from 'node:events';
import type { SealingDeps } from '../../src/sealing/deps';
import { overrideMethods } from './overrideMethods';

/** A database that does not answer one query of the log until the caller aborts it. */
export class StalledScan {
  readonly deps: SealingDeps;
  readonly #events = new EventEmitter();
  #armed = false;
  #stalled = 0;

  constructor(deps: SealingDeps) {
    const records = overrideMethods(deps.records, {
      scan: (slice, limit, signal) => {
        const answer = deps.records.scan(slice, limit, signal);
        return this.#armed ? this.#stall(signal, answer) : answer;
      },
    });
    this.deps = { ...deps, records };
  }

  /** Stalls the next query; resolves when it is stalled. */
  async next(): Promise<void> {
    const stalled = once(this.#events, 'stalled');
    this.#armed = true;
    await stalled;
  }

  /** Queries that were stalled. */
  get count(): number {
    return this.#stalled;
  }

  async *#stall(
    signal: AbortSignal | undefined,
    answer: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    this.#armed = false;
    this.#stalled++;
    this.#events.emit('stalled');
    if (signal && !signal.aborted) await once(signal, 'abort');
    // As a driver reports it: with an error of its own, and not with the reason of the signal.
    if (signal?.aborted) throw new DOMException('the operation was aborted', 'AbortError');
    yield* answer;
  }
}
