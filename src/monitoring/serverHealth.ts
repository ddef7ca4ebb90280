import { z } from 'zod';
import { SnapshotError } from '../errors';

/** A server that the service needs; the check rejects when the server does not answer. */
export interface NeededServer {
  readonly name: string;
  readonly check: () => Promise<void>;
}

export interface HealthDeps {
  readonly servers: readonly NeededServer[] | (() => readonly NeededServer[]);
  readonly nowMs: () => number;
  /** Resolves after that time, or as soon as the signal is aborted; never rejects. */
  readonly pause: (ms: number, signal?: AbortSignal) => Promise<void>;
}

const CHECK_TIMEOUT_MS = 2_000;
/** However often health is requested, the servers are checked once a second. */
const CACHED_MS = 1_000;

export const serverHealth = z.object({
  name: z.string(),
  status: z.enum(['ok', 'failed']),
  latencyMs: z.int().min(0),
  code: z.string().optional(),
});
type ServerHealth = z.infer<typeof serverHealth>;

/** Returns a function that checks every server, or returns the results of a check less than a second ago. */
export function healthChecker(deps: HealthDeps): () => Promise<readonly ServerHealth[]> {
  let latest: { readonly atMs: number; readonly servers: Promise<readonly ServerHealth[]> } | undefined;
  return () => {
    const nowMs = deps.nowMs();
    if (latest === undefined || nowMs - latest.atMs >= CACHED_MS) {
      const needed = typeof deps.servers === 'function' ? deps.servers() : deps.servers;
      const servers = Promise.all(needed.map((server) => checkServer(server, deps)));
      latest = { atMs: nowMs, servers };
    }
    return latest.servers;
  };
}

/** Of a failure only its code is shown: messages may name hosts. */
async function checkServer({ name, check }: NeededServer, deps: HealthDeps): Promise<ServerHealth> {
  const startedMs = deps.nowMs();
  const answered = new AbortController();
  const timeout = deps.pause(CHECK_TIMEOUT_MS, answered.signal).then(() => {
    throw new SnapshotError('INTERNAL', `${name} did not answer within ${CHECK_TIMEOUT_MS} ms`);
  });
  try {
    await Promise.race([check(), timeout]);
    return { name, status: 'ok', latencyMs: deps.nowMs() - startedMs };
  } catch (error) {
    const code = error instanceof SnapshotError ? error.code : 'INTERNAL';
    return { name, status: 'failed', latencyMs: deps.nowMs() - startedMs, code };
  } finally {
    timeout.catch(() => undefined);
    answered.abort();
  }
}
