import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { secured } from '../auth/secured';
import { findJob } from '../../jobs/jobControl';
import { viewOf } from '../jobView';
import { jsonResponse, securedErrorResponses } from '../responses';
import { failure, jobParams, jobView, success } from '../schemas';
import type { RouteDeps } from './routeDeps';

const response = {
  200: jsonResponse('Recorded', jobView),
  ...securedErrorResponses(
    'USAGE_INVALID',
    'JOB_NOT_FOUND',
    'JOB_CONFLICT',
    'BODY_TOO_LARGE',
    'MEDIA_TYPE_UNSUPPORTED',
  ),
};

const succeed = secured('jobs:report', 'reportSuccess');
const succeedSchema = {
  ...succeed.described,
  summary: 'Report that a job has succeeded',
  description: 'Repeating the same result is no error; a different outcome is a conflict.',
  params: jobParams,
  body: success,
  response,
};

const fail = secured('jobs:report', 'reportFailure');
const failSchema = {
  ...fail.described,
  summary: 'Report that a job has failed or was cancelled',
  description: 'Repeating the same outcome is no error; a different one is a conflict.',
  params: jobParams,
  body: failure,
  response,
};

/** `POST /jobs/:id/succeed` and `/fail`, by which workers report how a job ended. */
export function reportRoutes(deps: RouteDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.post('/jobs/:id/succeed', { config: succeed.config, schema: succeedSchema }, async (request) => {
      const { id } = request.params;
      await deps.jobs.report(id, { status: 'succeeded', result: request.body.result });
      return viewOf(await findJob(deps, id));
    });

    app.post('/jobs/:id/fail', { config: fail.config, schema: failSchema }, async (request) => {
      const { id } = request.params;
      await deps.jobs.report(id, request.body);
      return viewOf(await findJob(deps, id));
    });
  };
}
