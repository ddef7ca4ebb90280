import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { deferred } from './deferred';

/** The timers of a workflow. */
export interface Timers {
  /** Resolves after `ms`. */
  sleep(ms: number): Promise<void>;
  /** Runs `action` after `ms`; returns a function that cancels the timer. */
  after(ms: number, action: () => void): () => void;
}

/** A cancellation scope: what runs in it ends when it, or one around it, is cancelled. */
export class CancellationScope {
  readonly #parent: CancellationScope | undefined;
  readonly #onCancel = new Set<() => void>();
  #cancelled = false;

  constructor(parent?: CancellationScope) {
    this.#parent = parent;
  }

  cancel(): void {
    this.#cancelled = true;
    for (const reject of this.#onCancel) reject();
  }

  /** Work that is requested in a cancelled scope never starts. */
  throwIfCancelled(): void {
    if (this.cancelled) throw new CancelledFailure('cancelled');
  }

  get cancelled(): boolean {
    return this.#cancelled || this.#parent?.cancelled === true;
  }

  /** `work`, or a CancelledFailure as soon as the scope is cancelled; the work then continues unobserved. */
  async race<T>(work: Promise<T>): Promise<T> {
    // The race reports how the work ends, or nobody waits for it any more.
    work.catch(() => undefined);
    this.throwIfCancelled();
    const scopes = this.#chain();
    const { promise, reject } = deferred<never>();
    const onCancel = (): void => reject(new CancelledFailure('cancelled'));
    for (const scope of scopes) scope.#onCancel.add(onCancel);
    try {
      return await Promise.race([work, promise]);
    } finally {
      for (const scope of scopes) scope.#onCancel.delete(onCancel);
    }
  }

  #chain(): CancellationScope[] {
    return this.#parent ? [this, ...this.#parent.#chain()] : [this];
  }
}

/**
 * The scopes of one workflow run, nested as the Temporal SDK nests them. Code that opens a scope waits for its end, so the
 * innermost scope is the one that runs; an AsyncLocalStorage would know it as well, and slow down every promise of the process.
 */
export class CancellationScopes {
  readonly root = new CancellationScope();
  current = this.root;
  readonly #timers: Timers;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  shielded<T>(run: () => Promise<T>): Promise<T> {
    return this.#within(new CancellationScope(), run);
  }

  async withDeadline<T>(ms: number, run: () => Promise<T>): Promise<T> {
    const outer = this.current;
    const inner = new CancellationScope(outer);
    const clear = this.#timers.after(Math.max(1, ms), () => inner.cancel());
    try {
      return await this.#within(inner, run);
    } catch (error) {
      if (!(error instanceof CancelledFailure) || outer.cancelled) throw error;
      throw ApplicationFailure.nonRetryable('the attempt ran out of its time', 'ATTEMPT_TIMED_OUT');
    } finally {
      clear();
    }
  }

  sleep(ms: number): Promise<void> {
    return this.current.race(this.#timers.sleep(ms));
  }

  async #within<T>(scope: CancellationScope, run: () => Promise<T>): Promise<T> {
    const outer = this.current;
    this.current = scope;
    try {
      return await run();
    } finally {
      this.current = outer;
    }
  }
}
