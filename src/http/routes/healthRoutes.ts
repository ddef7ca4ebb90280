import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ERROR_CODES, SnapshotError } from '../../errors';
import { PROBLEM_TYPE, problemOf } from '../problem';
import { errorResponses, jsonResponse } from '../responses';
import { problem } from '../schemas';
import { healthChecker, serverHealth, type HealthDeps } from '../../monitoring/serverHealth';

export interface HealthRouteDeps extends HealthDeps {
  readonly isDraining: () => boolean;
}

const health = z
  .object({ status: z.literal('ok'), servers: z.array(serverHealth).optional() })
  .meta({ id: 'Health' });
const notReady = problem.extend({ servers: z.array(serverHealth).optional() }).meta({ id: 'NotReady' });
const verboseQuery = z.object({
  verbose: z.enum(['', 'true', '1']).optional().meta({ description: 'Include the status of each server.' }),
});

const livez = {
  operationId: 'livez',
  tags: ['health'],
  summary: 'Is the process alive?',
  response: { 200: jsonResponse('It is', health) },
};

const readyz = {
  operationId: 'readyz',
  tags: ['health'],
  summary: 'Can the service do its work?',
  querystring: verboseQuery,
  response: {
    200: jsonResponse('It can', health),
    ...errorResponses(['USAGE_INVALID']),
    503: { description: 'Not ready', content: { [PROBLEM_TYPE]: { schema: notReady } } },
  },
};

/**
 * `GET /livez`: the process answers. `GET /readyz`: every server that it needs answers, and it is not shutting down. Neither
 * requires a token.
 */
export function healthRoutes(deps: HealthRouteDeps): FastifyPluginAsyncZod {
  const checkServers = healthChecker(deps);
  return async (app) => {
    app.get('/livez', { schema: livez, exposeHeadRoute: true }, async () => ({ status: 'ok' as const }));

    app.get('/readyz', { schema: readyz, exposeHeadRoute: true }, async (request, reply) => {
      if (deps.isDraining())
        throw new SnapshotError('SHUTTING_DOWN', 'this instance is shutting down', { retryable: true });
      const servers = await checkServers();
      const shown = request.query.verbose === undefined ? {} : { servers: [...servers] };
      const failed = servers.find(({ status }) => status === 'failed');
      if (!failed) return { status: 'ok' as const, ...shown };
      const code = ERROR_CODES.find((known) => known === failed.code) ?? 'INTERNAL';
      const error = new SnapshotError(code, `${failed.name} does not answer properly`, { retryable: true });
      const body = { ...problemOf(error), ...shown, instance: `urn:uuid:${request.id}` };
      return reply.code(503).header('retry-after', '5').type(PROBLEM_TYPE).send(body);
    });
  };
}
