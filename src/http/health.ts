import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { SnapshotError, type ErrorCode } from '../errors';
import { PROBLEM_TYPE, problemOf } from './problem';
import { jsonResponse, refusal } from './secured';
import { problem } from './schemas';

/** One server that the service needs; the check rejects when it does not answer. */
export interface NeededServer {
  readonly name: string;
  readonly check: () => Promise<void>;
}

export interface HealthDeps {
  readonly servers: readonly NeededServer[];
  readonly isDraining: () => boolean;
  readonly nowMs: () => number;
  readonly pause: (ms: number, signal?: AbortSignal) => Promise<void>;
}

const CHECK_MS = 2_000;
/** However often it is asked, the servers are asked once a second. */
const FRESH_MS = 1_000;

const serverView = z.object({
  name: z.string(),
  status: z.enum(['ok', 'failed']),
  latencyMs: z.int().min(0),
  code: z.string().optional(),
});
type ServerView = z.infer<typeof serverView>;

const health = z
  .object({ status: z.literal('ok'), servers: z.array(serverView).optional() })
  .meta({ id: 'Health' });
const notReady = problem.extend({ servers: z.array(serverView).optional() }).meta({ id: 'NotReady' });
const verboseQuery = z.object({
  verbose: z.enum(['', 'true', '1']).optional().meta({ description: 'Say how each server is.' }),
});

/** `GET /livez`: the process answers. `GET /readyz`: it can do its work, and is not shutting down. No token is asked for. */
export function healthRoutes(deps: HealthDeps): FastifyPluginAsyncZod {
  let checked: { readonly atMs: number; readonly servers: Promise<ServerView[]> } | undefined;
  const look = () => {
    if (checked === undefined || deps.nowMs() - checked.atMs >= FRESH_MS)
      checked = {
        atMs: deps.nowMs(),
        servers: Promise.all(deps.servers.map((one) => checkServer(one, deps))),
      };
    return checked.servers;
  };
  return async (app) => {
    const livez = {
      operationId: 'livez',
      tags: ['health'],
      summary: 'Does the process answer?',
      response: { 200: jsonResponse('It does', health) },
    };
    app.get('/livez', { schema: livez, exposeHeadRoute: true }, async () => ({ status: 'ok' as const }));

    const readyz = {
      operationId: 'readyz',
      tags: ['health'],
      summary: 'Can it do its work?',
      querystring: verboseQuery,
      response: {
        200: jsonResponse('It can', health),
        400: refusal(400),
        503: { description: 'Not now', content: { [PROBLEM_TYPE]: { schema: notReady } } },
      },
    };
    app.get('/readyz', { schema: readyz, exposeHeadRoute: true }, async (request, reply) => {
      if (deps.isDraining())
        throw new SnapshotError('SHUTTING_DOWN', 'this instance is shutting down', { retryable: true });
      const servers = await look();
      const told = request.query.verbose === undefined ? {} : { servers };
      const failed = servers.find(({ status }) => status === 'failed');
      if (!failed) return { status: 'ok' as const, ...told };
      const code = (failed.code ?? 'INTERNAL') as ErrorCode;
      const cause = new SnapshotError(code, `${failed.name} does not answer as it must`, { retryable: true });
      const body = { ...problemOf(cause), ...told, instance: `urn:uuid:${request.id}` };
      return reply.code(503).header('retry-after', '5').type(PROBLEM_TYPE).send(body);
    });
  };
}

/** Only the code of a failure is told: messages may name hosts. */
async function checkServer({ name, check }: NeededServer, deps: HealthDeps): Promise<ServerView> {
  const startedMs = deps.nowMs();
  const answered = new AbortController();
  const late = deps.pause(CHECK_MS, answered.signal).then(() => {
    throw new SnapshotError('INTERNAL', `${name} has not answered within ${CHECK_MS} ms`);
  });
  try {
    await Promise.race([check(), late]);
    return { name, status: 'ok', latencyMs: deps.nowMs() - startedMs };
  } catch (error) {
    const code = error instanceof SnapshotError ? error.code : 'INTERNAL';
    return { name, status: 'failed', latencyMs: deps.nowMs() - startedMs, code };
  } finally {
    late.catch(() => undefined);
    answered.abort();
  }
}
