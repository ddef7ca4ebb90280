import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { readCursor, writeCursor } from '../cursor';
import { hasEnded, type JobState } from '../polling/jobPoller';
import { viewOf } from '../jobView';
import { jsonResponse, secured, refusals } from '../secured';
import type { RouteDeps } from './routeDeps';
import { jobPage, jobParams, jobQuery, jobView, waitQuery } from '../schemas';
import { withSeat } from '../polling/waitSlot';

/** `GET /jobs` and `GET /jobs/:id`. */
export function readRoutes(deps: RouteDeps): FastifyPluginAsyncZod {
  return async (app) => {
    const list = secured('jobs:read', 'listJobs');
    const listSchema = {
      ...list.described,
      summary: 'List jobs, newest first',
      querystring: jobQuery,
      response: { 200: jsonResponse('One page', jobPage), ...refusals(400) },
    };
    app.get('/jobs', { config: list.config, schema: listSchema }, async (request, reply) => {
      const { createdAfter, createdBefore, from, to, cursor, status, type, limit } = request.query;
      const page = await deps.jobs.list({
        limit,
        nowMs: deps.nowMs(),
        ...(status === undefined ? {} : { status }),
        ...(type === undefined ? {} : { type }),
        ...(createdAfter === undefined ? {} : { createdFromMs: createdAfter }),
        ...(createdBefore === undefined ? {} : { createdUntilMs: createdBefore }),
        ...(from === undefined ? {} : { fromMs: from }),
        ...(to === undefined ? {} : { toMs: to }),
        ...(cursor === undefined ? {} : { after: readCursor(cursor) }),
      });
      const next = page.next === undefined ? null : writeCursor(page.next);
      if (next !== null) {
        const query = new URLSearchParams(request.raw.url?.split('?')[1]);
        query.set('cursor', next);
        reply.header('link', `</jobs?${query.toString()}>; rel="next"`);
      }
      return { jobs: page.jobs.map((job) => viewOf(job)), next };
    });

    const show = secured('jobs:read', 'showJob');
    const showSchema = {
      ...show.described,
      summary: 'Show a job',
      description:
        'With `wait` the answer comes when the job has ended, or after that time with the job as it is.',
      params: jobParams,
      querystring: waitQuery,
      response: { 200: jsonResponse('The job', jobView), ...refusals(400, 404) },
    };
    app.get('/jobs/:id', { config: show.config, schema: showSchema }, async (request, reply) => {
      const waitMs = Number.parseInt(request.query.wait ?? '0', 10) * 1000;
      const deadlineMs = deps.nowMs() + waitMs;
      const seen = await withSeat(deps, request, reply, async (signal) => {
        let last: JobState | undefined;
        for await (last of deps.watch.follow(request.params.id, signal))
          if (deps.nowMs() >= deadlineMs) break;
        return last!;
      });
      if (!hasEnded(seen.job)) reply.header('retry-after', '1');
      return viewOf(seen.job, seen.progress);
    });
  };
}
