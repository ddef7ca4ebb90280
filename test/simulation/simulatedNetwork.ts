import { SnapshotError } from '../../src/errors';
import type { SealingDeps } from '../../src/sealing/deps';
import { turn, type Caller } from './caller';
import type { FaultKind, Plan } from './plan';
import { PORTS, UNREACHABLE, collect, methodsOf, type Port } from './simulatedPorts';
import { answerTo, isAnswer, type ServerAnswers } from './serverAnswers';
import type { VirtualTime } from './virtualTime';

/** A call without a response fails after this time, or when so many calls of others were made. */
const DEADLINE_MS = 30_000;
const UNANSWERED_CALLS = 15;

/** A call costs this much of virtual time, so that no two of them share an instant. */
const CALL_MS = 1;
/** How many calls of others pass before one that is held back continues. */
const HELD_CALLS = { delayed: 5, delayedLong: 40, delayedToEnd: Number.POSITIVE_INFINITY } as const;

interface Call {
  readonly caller: Caller;
  readonly port: Port;
  readonly method: string;
  action: () => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Continues when this many calls were made; undefined for a call that is not held back. */
  heldUntil?: number;
}

/** Faults that are more than a lost message: what the world does when one happens. */
export interface FaultActions {
  killWorker(): void;
  loseRun(): void;
  cancel(): void;
  change(kind: Change): void;
}

/** Faults that change the state that calls find, and not the calls. */
export type Change = Extract<
  FaultKind,
  'lateRecord' | 'keyRotated' | 'clockForward' | 'clockBack' | 'disaster'
>;

/** A call that has taken effect. */
export interface Effect {
  readonly site: string;
  readonly args: readonly unknown[];
  readonly answer: unknown;
  /** Calls that were made before the attempt began that makes this one. */
  readonly attemptFrom: number;
}

interface NetworkOptions {
  readonly plan: Plan;
  readonly answers: ServerAnswers;
  readonly time: VirtualTime;
  readonly faultActions: FaultActions;
  readonly observe: (effect: Effect) => Promise<void>;
  /** Calls that a planted bug lets wait for ever, as `port.method`. */
  readonly withoutDeadline?: readonly string[] | undefined;
}

/** Every call of every port passes here, one at a time, in an order that the plan alone decides. */
export class SimulatedNetwork {
  /** How often each call was let through and each fault injected, by `port.method kind`. */
  readonly fired = new Map<string, number>();
  /** `port.method` of each call, from the first. */
  readonly sites: string[] = [];
  readonly #faults: ReadonlyMap<number, FaultKind>;
  readonly #answers: ServerAnswers;
  readonly #withoutDeadline: readonly string[];
  readonly #time: VirtualTime;
  readonly #faultActions: FaultActions;
  readonly #observe: (effect: Effect) => Promise<void>;
  readonly #connected = new Map<Port, object>();
  #waiting: Call[] = [];
  #random: number;

  constructor({ plan, answers, time, faultActions, observe, withoutDeadline = [] }: NetworkOptions) {
    this.#faults = new Map(plan.faults.map(({ at, kind }) => [at, kind]));
    this.#random = plan.order;
    this.#answers = answers;
    this.#time = time;
    this.#faultActions = faultActions;
    this.#observe = observe;
    this.#withoutDeadline = withoutDeadline;
  }

  get calls(): number {
    return this.sites.length;
  }

  /** The ports as one caller reaches them. */
  connect(deps: SealingDeps, caller: Caller): SealingDeps {
    caller.connectedAt = this.calls;
    const ports: Partial<Record<Port, object>> = {};
    for (const port of PORTS) {
      const real = deps[port];
      if (!real) continue;
      const shared = this.#connected.get(port) ?? this.#intercept(port, real);
      this.#connected.set(port, shared);
      ports[port] = Object.assign(Object.create(shared) as object, { caller });
    }
    return { ...deps, ...ports } as SealingDeps;
  }

  /** Lets one call go through; false when none waits. */
  async step(): Promise<boolean> {
    const call = this.#take();
    if (!call) return false;
    this.#time.pass(CALL_MS);
    this.sites.push(`${call.port}.${call.method}`);
    const held = call.heldUntil !== undefined;
    await this.#deliver(call, held ? undefined : this.#faults.get(this.calls));
    return true;
  }

  /** Drops the calls of a dead caller; its code ends as its process did. */
  drop(caller: Caller): void {
    caller.dead = true;
    const own = this.#waiting.filter((call) => call.caller === caller);
    this.#waiting = this.#waiting.filter((call) => call.caller !== caller);
    for (const { reject } of own) reject(new Error('dead'));
  }

  /** The next call that is due. */
  #take(): Call | undefined {
    const due = this.#waiting.filter(({ heldUntil }) => heldUntil === undefined || heldUntil <= this.calls);
    const call = due[this.#pick(due.length)];
    this.#waiting = this.#waiting.filter((other) => other !== call);
    return call;
  }

  /** When nothing else can happen, a call that was held back continues; false when there is none. */
  releaseHeld(): boolean {
    const held = this.#waiting.find(({ heldUntil }) => heldUntil !== undefined);
    if (held) held.heldUntil = 0;
    return held !== undefined;
  }

  #pick(choices: number): number {
    if (this.#random === 0 || choices < 2) return 0;
    this.#random = (Math.imul(this.#random, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (this.#random >>> 8) % choices;
  }

  async #deliver(call: Call, planned: FaultKind | undefined): Promise<void> {
    const { caller, port, method } = call;
    const failure = planned && answerTo(this.#answers, `${port}.${method}`, planned);
    const kind = isAnswer(planned) && !failure ? undefined : planned;
    const site = `${port}.${method} ${kind ?? ''}`.trim();
    this.fired.set(site, (this.fired.get(site) ?? 0) + 1);
    switch (kind) {
      case 'lost':
        return this.#answer(call, () => this.#connectionBroken(call));
      case 'unacknowledged':
        return this.#answer(call, async () => {
          await call.action();
          return this.#connectionBroken(call);
        });
      case 'duplicated':
        return this.#answer(call, async () => {
          await call.action().catch(() => undefined);
          return call.action();
        });
      case 'delayed':
      case 'delayedLong':
      case 'delayedToEnd':
        this.#waiting.push(call);
        call.heldUntil = this.calls + HELD_CALLS[kind];
        caller.onTimeout();
        return turn();
      case 'workerDiedBefore':
        this.#waiting.push(call);
        this.#faultActions.killWorker();
        return turn();
      case 'workerDiedAfter':
        this.#waiting.push(call);
        await call.action().catch(() => undefined);
        this.#faultActions.killWorker();
        return turn();
      case 'runLostBefore':
        this.#faultActions.loseRun();
        await turn();
        return this.#answer(call, call.action);
      case 'runLostAfter':
        return this.#answer(call, async () => {
          const outcome = await call.action();
          this.#faultActions.loseRun();
          return outcome;
        });
      case 'cancelled':
        this.#faultActions.cancel();
        await turn();
        return this.#answer(call, call.action);
      case 'silent':
      case 'stalled':
        return this.#leaveUnanswered(call, kind, failure!);
      case 'overloaded':
      case 'outdated':
      case 'standby':
      case 'full':
      case 'denied':
      case 'htmlError':
      case 'cutError':
      case 'emptyError':
        return this.#answer(call, () => Promise.reject(failure!));
      case 'lateRecord':
      case 'keyRotated':
      case 'clockForward':
      case 'clockBack':
      case 'disaster':
        this.#faultActions.change(kind);
        return this.#answer(call, call.action);
      case undefined:
        return this.#answer(call, call.action);
    }
  }

  /** The call takes effect or not, and fails at its deadline; its caller waits until then. */
  async #leaveUnanswered(call: Call, kind: 'silent' | 'stalled', failure: Error): Promise<void> {
    if (kind === 'stalled') await call.action().catch(() => undefined);
    call.action = () => Promise.reject(failure);
    call.heldUntil = this.calls + UNANSWERED_CALLS;
    if (this.#withoutDeadline.includes(`${call.port}.${call.method}`))
      call.heldUntil = Number.POSITIVE_INFINITY;
    else this.#time.after(DEADLINE_MS, () => (call.heldUntil = 0));
    this.#waiting.push(call);
    return turn();
  }

  async #answer(call: Call, action: () => Promise<unknown>): Promise<void> {
    const { caller, resolve, reject } = call;
    try {
      const answer = await action();
      caller.onResume();
      resolve(answer);
    } catch (error) {
      caller.onResume();
      reject(error);
    }
    await caller.settled();
  }

  #connectionBroken({ port, method }: Call): Promise<never> {
    return Promise.reject(
      new SnapshotError(UNREACHABLE[port], `${method}: the connection broke, as planned`, {
        retryable: true,
      }),
    );
  }

  /** A port as `this.caller` reaches it; made once, and shared by all callers as a prototype. */
  #intercept(port: Port, real: object): object {
    const send = (caller: Caller, method: string, action: () => Promise<unknown>) =>
      this.#send(caller, port, method, action);
    const observe = this.#observe;
    const methods: Record<string, unknown> = {};
    for (const name of methodsOf(real)) {
      const method = Reflect.get(real, name) as (...args: unknown[]) => unknown;
      methods[name] =
        name.startsWith('scan') || name === 'listVersions'
          ? async function* scan(this: Connected, ...args: unknown[]) {
              const stream = () => Reflect.apply(method, real, args) as AsyncIterable<unknown>;
              yield* (await send(this.caller, name, () => collect(stream()))) as unknown[];
            }
          : function call(this: Connected, ...args: unknown[]) {
              return send(this.caller, name, async () => {
                const answer = await Reflect.apply(method, real, args);
                const { connectedAt: attemptFrom } = this.caller;
                await observe({ site: `${port}.${name}`, args, answer, attemptFrom });
                return answer;
              });
            };
    }
    return methods;
  }

  #send(caller: Caller, port: Port, method: string, action: () => Promise<unknown>): Promise<unknown> {
    return new Promise<unknown>((resolve, reject) => {
      if (caller.dead) {
        reject(new Error('dead'));
        return;
      }
      const answered =
        <V>(settle: (value: V) => void) =>
        (value: V) => {
          caller.pending--;
          settle(value);
        };
      caller.pending++;
      const call = { caller, port, method, action, resolve: answered(resolve), reject: answered(reject) };
      this.#waiting.push(call);
      caller.pause();
    });
  }
}

interface Connected {
  readonly caller: Caller;
}
