import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { SnapshotError } from '../../src/errors';

/** Below every usual ephemeral range, so that no outgoing connection occupies a saved port at the next start. */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const ATTEMPTS = 200;

/** Port numbers by what they are for, e.g. `{ grpc: 21833, ui: 30112 }`. */
export type Ports = Readonly<Record<string, number>>;

/** Saved ports that are still free, and new free ones for the rest; all different. Throws SERVER_START_FAILED when none is left. */
export async function choosePorts(
  names: readonly string[],
  saved: Ports = {},
  isFree: (port: number) => Promise<boolean> = isPortFree,
): Promise<Ports> {
  const chosen: Record<string, number> = {};
  for (const name of names) {
    const taken = new Set(Object.values(chosen));
    const old = saved[name];
    chosen[name] =
      old !== undefined && !taken.has(old) && (await isFree(old)) ? old : await chooseFreePort(taken, isFree);
  }
  return chosen;
}

/** True when no process listens on the port of this machine's loopback address. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

async function chooseFreePort(
  taken: ReadonlySet<number>,
  isFree: (port: number) => Promise<boolean>,
): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    // random, so that two stacks that start at the same time do not race for the same number
    const port = randomInt(LOWEST, HIGHEST);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new SnapshotError('SERVER_START_FAILED', `no free port found between ${LOWEST} and ${HIGHEST}`);
}
