import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { secured } from '../auth/secured';
import { submitJob } from '../jobSubmission';
import type { Hook } from '../limits';
import { jsonResponse, securedErrorResponses } from '../responses';
import { jobView, submission, submissionHeaders } from '../schemas';
import type { RouteDeps } from './routeDeps';

const { config, described } = secured('submitJob', 'jobs:write');
const schema = {
  ...described,
  summary: 'Submit a job',
  description:
    'Starts the job and responds at once. With an `Idempotency-Key` a request that got no response can safely be sent again.',
  headers: submissionHeaders,
  body: submission,
  response: {
    202: jsonResponse('Accepted; `Location` is where to follow it', jobView),
    ...securedErrorResponses(
      'USAGE_INVALID',
      'JOB_CONFLICT',
      'IDEMPOTENCY_IN_FLIGHT',
      'BODY_TOO_LARGE',
      'MEDIA_TYPE_UNSUPPORTED',
      'PAYLOAD_INVALID',
      'WINDOW_INVALID',
      'JOB_TYPE_UNKNOWN',
      'IDEMPOTENCY_KEY_REUSED',
    ),
  },
};

/** `POST /jobs`; `limit` bounds the submissions of one caller, in addition to the limit on all its requests. */
export function submissionRoutes(deps: RouteDeps, limit: Hook): FastifyPluginAsyncZod {
  return async (app) => {
    app.post('/jobs', { config, onRequest: limit, schema }, async (request, reply) => {
      const { view, replayed } = await submitJob(deps, {
        ...request.body,
        actor: request,
        idempotencyKey: request.headers['idempotency-key'],
      });
      reply.header('location', `/jobs/${view.jobId}`).header('retry-after', '1');
      if (replayed) reply.header('idempotency-replayed', 'true');
      return reply.code(202).send(view);
    });
  };
}
