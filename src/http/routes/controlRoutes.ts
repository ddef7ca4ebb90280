import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { secured } from '../auth/secured';
import { cancelJob, retryJob } from '../../jobs/jobControl';
import type { JobAction } from '../../ports/jobStore';
import { viewOf } from '../jobView';
import { jsonResponse, securedErrorResponses } from '../responses';
import { recordAction, type Actor } from '../recordAction';
import { jobParams, jobView } from '../schemas';
import { findVisibleJob } from '../visibleJob';
import type { RouteDeps } from './routeDeps';

const errors = securedErrorResponses('USAGE_INVALID', 'JOB_NOT_FOUND', 'JOB_CONFLICT', 'SNAPSHOT_LOST');

// Both show the job, so they also need the right to read it.
const cancel = secured('cancelJob', 'jobs:write', 'jobs:read');
const cancelSchema = {
  ...cancel.described,
  summary: 'Cancel a job',
  description:
    'Requests cancellation of its run. Before signing the run rolls back; from signing on it finishes anyway. If the run was terminated or is lost, a new run does this.',
  params: jobParams,
  response: { 202: jsonResponse('Requested; follow the job to see how it ends', jobView), ...errors },
};

const retry = secured('retryJob', 'jobs:write', 'jobs:read');
const retrySchema = {
  ...retry.described,
  summary: 'Retry a job that has not succeeded',
  description:
    'The run resumes after its last stored chunk. It also starts a job again whose run was terminated or is lost. A job whose run is open is left alone.',
  params: jobParams,
  response: { 202: jsonResponse('Started', jobView), ...errors },
};

/** `POST /jobs/:id/cancel` and `/retry`. */
export function controlRoutes(deps: RouteDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.post('/jobs/:id/cancel', { config: cancel.config, schema: cancelSchema }, async (request, reply) => {
      const { id } = request.params;
      await recordControl(deps, id, 'cancel', request);
      const job = await cancelJob(deps, id);
      return reply.code(202).header('location', `/jobs/${id}`).header('retry-after', '1').send(viewOf(job));
    });

    app.post('/jobs/:id/retry', { config: retry.config, schema: retrySchema }, async (request, reply) => {
      const { id } = request.params;
      await recordControl(deps, id, 'retry', request);
      const job = await retryJob(deps, id);
      return reply.code(202).header('location', `/jobs/${id}`).header('retry-after', '1').send(viewOf(job));
    });
  };
}

/** Records who requested it, before anything changes. JOB_NOT_FOUND for a job that the caller may not see. */
async function recordControl(
  deps: RouteDeps,
  jobId: string,
  action: JobAction['action'],
  actor: Actor,
): Promise<void> {
  await findVisibleJob(deps, jobId, actor.caller);
  await recordAction(deps, action === 'cancel' ? 'job.cancelled' : 'job.retried', jobId, actor);
  const at = new Date(deps.nowMs());
  await deps.jobs.addAction(jobId, { action, by: actor.caller.name, at });
}
