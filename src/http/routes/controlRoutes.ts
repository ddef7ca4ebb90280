import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { cancelJob, findJob, retryJob } from '../control';
import { viewOf } from '../jobView';
import { jsonResponse, secured, refusals } from '../secured';
import type { RouteDeps } from './routeDeps';
import { failure, jobParams, jobView, success } from '../schemas';

/** `POST /jobs/:id/cancel` and `/retry`. */
export function controlRoutes(deps: RouteDeps): FastifyPluginAsyncZod {
  return async (app) => {
    const cancel = secured('jobs:write', 'cancelJob');
    const cancelSchema = {
      ...cancel.described,
      summary: 'Cancel a job',
      description:
        'Asks its run to stop. Before signing it rolls back; from signing on it finishes all the same.',
      params: jobParams,
      response: {
        202: jsonResponse('Asked; follow the job to see how it ends', jobView),
        ...refusals(400, 404, 409),
      },
    };
    app.post('/jobs/:id/cancel', { config: cancel.config, schema: cancelSchema }, async (request, reply) => {
      const job = await cancelJob(deps, request.params.id);
      return reply
        .code(202)
        .header('location', `/jobs/${job._id}`)
        .header('retry-after', '1')
        .send(viewOf(job));
    });

    const retry = secured('jobs:write', 'retryJob');
    const retrySchema = {
      ...retry.described,
      summary: 'Run a job again that failed or was cancelled',
      description: 'It goes on from its last stored chunk. A job that waits or runs already is left to run.',
      params: jobParams,
      response: { 202: jsonResponse('Started', jobView), ...refusals(400, 404, 409) },
    };
    app.post('/jobs/:id/retry', { config: retry.config, schema: retrySchema }, async (request, reply) => {
      const job = await retryJob(deps, request.params.id);
      return reply
        .code(202)
        .header('location', `/jobs/${job._id}`)
        .header('retry-after', '1')
        .send(viewOf(job));
    });
  };
}

/** `POST /jobs/:id/succeed` and `/fail`: how workers tell how a job ended. */
export function reportRoutes(deps: RouteDeps): FastifyPluginAsyncZod {
  return async (app) => {
    const succeed = secured('jobs:report', 'reportSuccess');
    const succeedSchema = {
      ...succeed.described,
      summary: 'Report that a job has succeeded',
      description: 'The same result again is no error, another outcome is a conflict.',
      params: jobParams,
      body: success,
      response: { 200: jsonResponse('Noted', jobView), ...refusals(400, 404, 409, 413, 415) },
    };
    app.post('/jobs/:id/succeed', { config: succeed.config, schema: succeedSchema }, async (request) => {
      const { id } = request.params;
      await deps.jobs.report(id, { status: 'succeeded', result: request.body.result });
      return viewOf(await findJob(deps, id));
    });

    const fail = secured('jobs:report', 'reportFailure');
    const failSchema = {
      ...fail.described,
      summary: 'Report that a job has failed or was cancelled',
      description: 'The same outcome again is no error, another one is a conflict.',
      params: jobParams,
      body: failure,
      response: { 200: jsonResponse('Noted', jobView), ...refusals(400, 404, 409, 413, 415) },
    };
    app.post('/jobs/:id/fail', { config: fail.config, schema: failSchema }, async (request) => {
      const { id } = request.params;
      await deps.jobs.report(id, request.body);
      return viewOf(await findJob(deps, id));
    });
  };
}
