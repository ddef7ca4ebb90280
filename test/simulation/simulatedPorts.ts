import type { ErrorCode } from '../../src/errors';
import type { SealingDeps } from '../../src/sealing/deps';

/** How each port says that its server could not be reached. */
export const UNREACHABLE = {
  records: 'DATABASE_UNREACHABLE',
  store: 'STORAGE_UNREACHABLE',
  signer: 'SIGNER_UNREACHABLE',
  snapshots: 'DATABASE_UNREACHABLE',
  leases: 'DATABASE_UNREACHABLE',
  assets: 'DATABASE_UNREACHABLE',
  ledger: 'DATABASE_UNREACHABLE',
  jobs: 'DATABASE_UNREACHABLE',
  writeCheck: 'DATABASE_UNREACHABLE',
  workflowStatus: 'TEMPORAL_UNREACHABLE',
  timestamper: 'TIMESTAMP_FAILED',
} as const satisfies Partial<Record<keyof SealingDeps, ErrorCode>>;

export type Port = keyof typeof UNREACHABLE;

export const PORTS = Object.keys(UNREACHABLE) as Port[];

/** Names of the methods of a port, those of its class included. */
export function methodsOf(real: object): string[] {
  const prototype = Object.getPrototypeOf(real) as object;
  const inherited = prototype === Object.prototype ? [] : Object.getOwnPropertyNames(prototype);
  const names = [...Object.keys(real), ...inherited].filter((name) => name !== 'constructor');
  return names.filter((name) => typeof Reflect.get(real, name) === 'function');
}

/** All that a port streams. */
export async function collect(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of stream) all.push(item);
  return all;
}
