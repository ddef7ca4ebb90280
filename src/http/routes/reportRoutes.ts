import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { SnapshotError } from '../../errors';
import { secured } from '../auth/secured';
import { findJob } from '../../jobs/jobControl';
import { viewOf } from '../jobView';
import { jsonResponse, securedErrorResponses } from '../responses';
import { failure, jobParams, jobView, reportHeaders, success } from '../schemas';
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

const succeed = secured('reportSuccess', 'jobs:report');
const succeedSchema = {
  ...succeed.described,
  summary: 'Report that a job has succeeded',
  description:
    'Only the open run of the job may report. Repeating the same result is no error; a different outcome is a conflict.',
  params: jobParams,
  headers: reportHeaders,
  body: success,
  response,
};

const fail = secured('reportFailure', 'jobs:report');
const failSchema = {
  ...fail.described,
  summary: 'Report that a job has failed or was cancelled',
  description:
    'Only the open run of the job may report. Repeating the same outcome is no error; a different one is a conflict.',
  params: jobParams,
  headers: reportHeaders,
  body: failure,
  response,
};

/** `POST /jobs/:id/succeed` and `/fail`, by which workers report how a job ended. */
export function reportRoutes(deps: RouteDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.post('/jobs/:id/succeed', { config: succeed.config, schema: succeedSchema }, async (request) => {
      const { id } = request.params;
      await requireOpenRun(deps, id, request.headers['audit-run-id']);
      await deps.jobs.report(id, { status: 'succeeded', result: request.body.result });
      return viewOf(await findJob(deps, id));
    });

    app.post('/jobs/:id/fail', { config: fail.config, schema: failSchema }, async (request) => {
      const { id } = request.params;
      await requireOpenRun(deps, id, request.headers['audit-run-id']);
      await deps.jobs.report(id, request.body);
      return viewOf(await findJob(deps, id));
    });
  };
}

/** A run reports while it is open. JOB_CONFLICT for any other run: an earlier one, or one that a caller made up. */
async function requireOpenRun(deps: RouteDeps, jobId: string, runId: string): Promise<void> {
  await findJob(deps, jobId);
  if ((await deps.snapshots.openRunId(jobId)) === runId) return;
  throw new SnapshotError('JOB_CONFLICT', `the report is not of the open run of job ${jobId}`);
}
