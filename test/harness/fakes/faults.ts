import { SnapshotError, type ErrorCode } from '../../../src/errors';

/** `lost`: the call never reached its server. `unacknowledged`: it took effect, and the answer never came back. */
export type FaultKind = 'lost' | 'unacknowledged';

interface Fault {
  readonly kind: FaultKind;
  readonly error: Error;
}

/** What shall go wrong at a fake, by method; each fault strikes once, in the order they were planned. */
export class FaultPlan<M extends string = string> {
  /** Every call that was made, in order, the failed ones included. */
  readonly calls: M[] = [];
  /** Hears of every call before it is carried out. */
  onCall: (method: M) => void = () => undefined;
  readonly #code: ErrorCode;
  readonly #counts = new Map<M, number>();
  readonly #planned = new Map<M, Fault[]>();
  readonly #struck = new Map<string, Fault>();

  /** `code` is what a fault throws, retryable, when it is given no error of its own. */
  constructor(code: ErrorCode) {
    this.#code = code;
  }

  failNext(method: M, kind: FaultKind, error: Error = this.#failure(method, kind)): void {
    const planned = this.#planned.get(method) ?? [];
    this.#planned.set(method, [...planned, { kind, error }]);
  }

  /** Strikes the `nth` call of a method, from 1. */
  failCall(method: M, nth: number, kind: FaultKind): void {
    this.#struck.set(`${method} ${nth}`, { kind, error: this.#failure(method, kind) });
  }

  async run<T>(method: M, action: () => T | Promise<T>): Promise<T> {
    this.calls.push(method);
    this.onCall(method);
    const nth = (this.#counts.get(method) ?? 0) + 1;
    this.#counts.set(method, nth);
    const fault = this.#struck.get(`${method} ${nth}`) ?? this.#planned.get(method)?.shift();
    if (!fault) return action();
    if (fault.kind === 'unacknowledged') await action();
    throw fault.error;
  }

  #failure(method: M, kind: FaultKind): SnapshotError {
    return new SnapshotError(this.#code, `${method}: ${kind}, as planned`, { retryable: true });
  }
}
