import { SnapshotError, type ErrorCode } from '../../../src/errors';

/** `lost`: the call never reached its server. `unacknowledged`: it took effect, and the answer never came back. */
export type FaultKind = 'lost' | 'unacknowledged';

interface Fault {
  readonly kind: FaultKind;
  readonly error: Error;
}

/** The planned faults of a fake, by method; each happens once, in the order of planning. */
export class FaultPlan<M extends string = string> {
  /** Every call that was made, in order, the failed ones included. */
  readonly calls: M[] = [];
  /** Called before every call is carried out. */
  onCall: (method: M) => void = () => undefined;
  readonly #code: ErrorCode;
  readonly #counts = new Map<M, number>();
  readonly #planned = new Map<M, Fault[]>();
  readonly #byNumber = new Map<string, Fault>();
  readonly #refused = new Map<M, Error>();

  /** `code` is the retryable error of faults that are planned without an error of their own. */
  constructor(code: ErrorCode) {
    this.#code = code;
  }

  failNext(method: M, kind: FaultKind, error: Error = this.#failure(method, kind)): void {
    const planned = this.#planned.get(method) ?? [];
    this.#planned.set(method, [...planned, { kind, error }]);
  }

  /** Fails the `nth` call of a method, from 1. */
  failCall(method: M, nth: number, kind: FaultKind): void {
    this.#byNumber.set(`${method} ${nth}`, { kind, error: this.#failure(method, kind) });
  }

  /** From now on these methods reject, as when a right was taken away. */
  refuse(error: Error, ...methods: readonly M[]): void {
    for (const method of methods) this.#refused.set(method, error);
  }

  /** Gives the rights back that {@link refuse} took. */
  refuseNothing(): void {
    this.#refused.clear();
  }

  async run<T>(method: M, action: () => T | Promise<T>): Promise<T> {
    this.calls.push(method);
    this.onCall(method);
    const refusal = this.#refused.get(method);
    if (refusal) throw refusal;
    const nth = (this.#counts.get(method) ?? 0) + 1;
    this.#counts.set(method, nth);
    const fault = this.#byNumber.get(`${method} ${nth}`) ?? this.#planned.get(method)?.shift();
    if (!fault) return action();
    if (fault.kind === 'unacknowledged') await action();
    throw fault.error;
  }

  #failure(method: M, kind: FaultKind): SnapshotError {
    return new SnapshotError(this.#code, `${method}: ${kind}, as planned`, { retryable: true });
  }
}
