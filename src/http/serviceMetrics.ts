import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RequestLabels, ServiceMetrics } from './routes/routeDeps';

/** Any other method is shown as `other`, because a client chooses its text. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Measures every response from the first byte of its request to the last one of its body. */
export function measureRequests(app: FastifyInstance, { observeRequest }: ServiceMetrics): void {
  app.addHook('onResponse', async (request, reply) => {
    observeRequest(labelsOf(request, reply), reply.elapsedTime / 1000);
  });
}

function labelsOf({ method, routeOptions }: FastifyRequest, { statusCode }: FastifyReply): RequestLabels {
  return {
    method: METHODS.has(method) ? method : 'other',
    route: routeOptions.url ?? 'none',
    status: String(statusCode),
  };
}
