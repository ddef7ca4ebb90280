import { EventEmitter } from 'node:events';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { VirtualTime } from './virtualTime';

/** A cancellation scope: what runs in it ends when it, or one around it, is cancelled. */
export class Scope {
  readonly #parent: Scope | undefined;
  readonly #waiting = new Set<() => void>();
  #cancelled = false;

  constructor(parent?: Scope) {
    this.#parent = parent;
  }

  cancel(): void {
    this.#cancelled = true;
    for (const wake of this.#waiting) wake();
  }

  /** What is asked for in a cancelled scope never starts. */
  throwIfCancelled(): void {
    if (this.cancelled) throw new CancelledFailure('cancelled');
  }

  get cancelled(): boolean {
    return this.#cancelled || this.#parent?.cancelled === true;
  }

  /** `work`, or a CancelledFailure as soon as the scope is cancelled; the work is then left to itself. */
  async race<T>(work: Promise<T>): Promise<T> {
    // Whatever becomes of it is told by the race, or nobody waits for it any more.
    work.catch(() => undefined);
    this.throwIfCancelled();
    const scopes = this.#chain();
    const { promise, reject } = deferred();
    const wake = (): void => reject(new CancelledFailure('cancelled'));
    for (const scope of scopes) scope.#waiting.add(wake);
    try {
      return await Promise.race([work, promise]);
    } finally {
      for (const scope of scopes) scope.#waiting.delete(wake);
    }
  }

  #chain(): Scope[] {
    return this.#parent ? [this, ...this.#parent.#chain()] : [this];
  }
}

/** A promise that can only fail, and only when it is told to. */
export function deferred(): { promise: Promise<never>; reject: (error: Error) => void } {
  const events = new EventEmitter();
  const promise = new Promise<never>((_, reject) => void events.once('reject', reject));
  return { promise, reject: (error) => void events.emit('reject', error) };
}

/**
 * The scopes of one workflow run, as the Temporal SDK nests them. Whoever opens a scope waits for its end, so the innermost
 * is the one that runs; an AsyncLocalStorage would know it as well, and cost every promise of the process a little.
 */
export class Scopes {
  readonly root = new Scope();
  current = this.root;
  readonly #time: VirtualTime;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  shielded<T>(run: () => Promise<T>): Promise<T> {
    return this.#within(new Scope(), run);
  }

  async withDeadline<T>(ms: number, run: () => Promise<T>): Promise<T> {
    const outer = this.current;
    const inner = new Scope(outer);
    const callOff = this.#time.after(Math.max(1, ms), () => inner.cancel());
    try {
      return await this.#within(inner, run);
    } catch (error) {
      if (!(error instanceof CancelledFailure) || outer.cancelled) throw error;
      throw ApplicationFailure.nonRetryable('the attempt ran out of its time', 'ATTEMPT_TIMED_OUT');
    } finally {
      callOff();
    }
  }

  async #within<T>(scope: Scope, run: () => Promise<T>): Promise<T> {
    const outer = this.current;
    this.current = scope;
    try {
      return await run();
    } finally {
      this.current = outer;
    }
  }

  sleep(ms: number): Promise<void> {
    return this.current.race(new Promise<void>((resolve) => void this.#time.after(ms, resolve)));
  }
}
