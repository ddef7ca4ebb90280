import { activityInfo } from '@temporalio/activity';
import type { SealingDeps } from '../../src/sealing/deps';
import { overrideMethods } from './overrideMethods';

type Method = (...args: unknown[]) => unknown;

interface Call {
  readonly name: string;
  readonly workflowId: string;
  readonly sinceMs: number;
}

const PORTS = [
  'store',
  'signer',
  'snapshots',
  'leases',
  'assets',
  'ledger',
  'jobs',
  'writeCheck',
  'workflowStatus',
] as const satisfies readonly (keyof SealingDeps)[];

/** The calls of activities that wait for a server, so that the message of a wait that failed names them. */
export class CallsUnderWay {
  readonly #calls = new Set<Call>();

  /** The same ports; calls that return a promise are tracked until it is settled. */
  track(deps: SealingDeps): SealingDeps {
    const tracked = PORTS.map((port) => [port, this.#trackPort(port, deps[port])] as const);
    return { ...deps, ...Object.fromEntries(tracked) };
  }

  /** Calls of one workflow, with how long they have been waiting. */
  describe(workflowId: string): string {
    const own = [...this.#calls].filter((call) => call.workflowId === workflowId);
    if (own.length === 0) return 'no call waits for a server';
    return own.map(({ name, sinceMs }) => `${name} waits for ${Date.now() - sinceMs} ms`).join('; ');
  }

  #trackPort<P extends object>(port: string, real: P): P {
    const prototype = Object.getPrototypeOf(real) as object;
    const names = Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');
    const methods = names.flatMap((name) => {
      const member = Reflect.get(real, name) as unknown;
      if (typeof member !== 'function') return [];
      return [[name, this.#trackMethod(`${port}.${name}`, member.bind(real) as Method)] as const];
    });
    return overrideMethods(real, Object.fromEntries(methods) as Partial<P>);
  }

  #trackMethod(name: string, method: Method): Method {
    return (...args) => {
      const answer = method(...args);
      if (!(answer instanceof Promise)) return answer;
      const call = { name, workflowId: workflowOfActivity(), sinceMs: Date.now() };
      this.#calls.add(call);
      return answer.finally(() => this.#calls.delete(call));
    };
  }
}

/** Empty outside of an activity. */
function workflowOfActivity(): string {
  try {
    return activityInfo().workflowExecution?.workflowId ?? '';
  } catch {
    return '';
  }
}
