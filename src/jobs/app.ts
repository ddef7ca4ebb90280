import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { SnapshotError } from '../errors';
import { problemOf } from './problem';
import { jobRoutes, type RouteDeps } from './routes';

const BODY_BYTES = 64 * 1024;
const REQUEST_MS = 30_000;

export interface AppDeps extends RouteDeps {
  /** Fails when a server this one needs does not answer. */
  readonly checkReady: () => Promise<void>;
}

/** The job service as a Fastify application that does not listen yet. Every error leaves as problem details. */
export function createApp(deps: AppDeps, loggerInstance?: FastifyBaseLogger): FastifyInstance {
  const app = fastify({
    ...(loggerInstance === undefined ? {} : { loggerInstance }),
    bodyLimit: BODY_BYTES,
    requestTimeout: REQUEST_MS,
    connectionTimeout: REQUEST_MS,
    forceCloseConnections: 'idle',
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error);
    if (problem.status >= 500) request.log.error({ err: error, code: problem.code }, 'request failed');
    if (problem.status === 503) reply.header('retry-after', '5');
    return reply.code(problem.status).type('application/problem+json').send(problem);
  });
  app.setNotFoundHandler((request) => {
    throw new SnapshotError('ROUTE_NOT_FOUND', `there is no ${request.method} ${request.url.slice(0, 200)}`);
  });
  app.get('/livez', () => ({ status: 'ok' }));
  app.get('/readyz', async () => {
    await deps.checkReady();
    return { status: 'ok' };
  });
  void app.register(jobRoutes(deps));
  return app;
}
