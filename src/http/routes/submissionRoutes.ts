import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Hook } from '../limits';
import { jsonResponse, secured, refusals } from '../secured';
import type { RouteDeps } from './routeDeps';
import { jobView, submission, submissionHeaders } from '../schemas';
import { submit } from '../submit';

/** `POST /jobs`; `limit` bounds the submissions of one caller beside its other requests. */
export function submissionRoutes(deps: RouteDeps, limit: Hook): FastifyPluginAsyncZod {
  return async (app) => {
    const { config, described } = secured('jobs:write', 'submitJob');
    const schema = {
      ...described,
      summary: 'Submit a job',
      description:
        'Starts the job and answers at once. Send an `Idempotency-Key` and a request that got no answer can be sent again safely.',
      headers: submissionHeaders,
      body: submission,
      response: {
        202: jsonResponse('Accepted; `Location` says where to follow it', jobView),
        ...refusals(400, 409, 413, 415, 422),
      },
    };
    app.post('/jobs', { config, onRequest: limit, schema }, async (request, reply) => {
      const { view, replayed } = await submit(deps, {
        ...request.body,
        callerName: request.caller.name,
        idempotencyKey: request.headers['idempotency-key'],
      });
      reply.header('location', `/jobs/${view.jobId}`).header('retry-after', '1');
      if (replayed) reply.header('idempotency-replayed', 'true');
      return reply.code(202).send(view);
    });
  };
}
