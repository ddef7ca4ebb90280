import type { SealingDeps } from '../../src/sealing/deps';

type Method = (...args: unknown[]) => unknown;

/** Methods that return an async iterable; every other asynchronous method returns a promise. */
const ITERABLES = new Set([
  'scan',
  'scanMarked',
  'scanUnmarked',
  'scanOddMarks',
  'findByIds',
  'listVersions',
]);
const SYNCHRONOUS = new Set(['isMarkable', 'nowMs']);
const PORTS = ['records', 'store', 'signer', 'snapshots', 'leases', 'assets', 'ledger', 'jobs'] as const;

/** The same ports, but `probe` runs and ends before each call of one of them: it sees every state between two calls. */
export function probedDeps<D extends SealingDeps>(deps: D, probe: (call: string) => Promise<void>): D {
  const probed = Object.create(deps) as D;
  for (const name of PORTS)
    Object.defineProperty(probed, name, { value: probePort(deps[name], name, probe) });
  return probed;
}

function probePort<P extends object>(port: P, name: string, probe: (call: string) => Promise<void>): P {
  return new Proxy(port, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function' || typeof property !== 'string') return member;
      const method = (member as Method).bind(target);
      if (SYNCHRONOUS.has(property)) return method;
      const call = `${name}.${property}`;
      return ITERABLES.has(property)
        ? probeIterable(method, () => probe(call))
        : probePromise(method, () => probe(call));
    },
  });
}

function probePromise(method: Method, probe: () => Promise<void>): Method {
  return async (...args) => {
    await probe();
    return method(...args);
  };
}

function probeIterable(method: Method, probe: () => Promise<void>): Method {
  return async function* probed(...args) {
    await probe();
    yield* method(...args) as AsyncIterable<unknown>;
  };
}
