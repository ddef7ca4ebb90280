import { EventEmitter, once } from 'node:events';
import type { SealingDeps } from '../../src/sealing/deps';
import { overrideMethods } from './overrideMethods';

/** A database that does not answer one query of the log: it stands still until whoever asked gives it up. */
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

  /** The next query stands still; resolves when it does. */
  async next(): Promise<void> {
    const stalled = once(this.#events, 'stalled');
    this.#armed = true;
    await stalled;
  }

  /** Queries that stood still. */
  get count(): number {
    return this.#stalled;
  }

  async *#stall(
    signal: AbortSignal | undefined,
    rest: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    this.#armed = false;
    this.#stalled++;
    this.#events.emit('stalled');
    if (signal && !signal.aborted) await once(signal, 'abort');
    // As a driver says it: by a name of its own, and not by the reason of the signal.
    if (signal?.aborted) throw new DOMException('the operation was aborted', 'AbortError');
    yield* rest;
  }
}
