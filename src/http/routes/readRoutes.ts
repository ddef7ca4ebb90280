import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import type { JobListQuery } from '../../ports/jobStore';
import { secured } from '../auth/secured';
import { findVisibleJob } from '../visibleJob';
import { viewOf } from '../jobView';
import { readCursor, writeCursor } from '../listCursor';
import { hasEnded, type JobState } from '../polling/jobPoller';
import { loadJobState } from '../polling/loadJobState';
import { withWaitSlot } from '../polling/waitSlots';
import { jsonResponse, securedErrorResponses } from '../responses';
import { jobPage, jobParams, jobQuery, jobView, waitQuery } from '../schemas';
import { ownerFilter } from '../visibility';
import type { RouteDeps } from './routeDeps';

const list = secured('listJobs', 'jobs:read');
const listSchema = {
  ...list.described,
  summary: 'List jobs, newest first',
  querystring: jobQuery,
  response: { 200: jsonResponse('One page', jobPage), ...securedErrorResponses('USAGE_INVALID') },
};

const show = secured('showJob', 'jobs:read');
const showSchema = {
  ...show.described,
  summary: 'Show a job',
  description:
    'With `wait` the response comes when the job has ended, or after that time with its current state.',
  params: jobParams,
  querystring: waitQuery,
  response: {
    200: jsonResponse('The job', jobView),
    ...securedErrorResponses('USAGE_INVALID', 'JOB_NOT_FOUND'),
  },
};

/** `GET /jobs` and `GET /jobs/:id`. */
export function readRoutes(deps: RouteDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.get('/jobs', { config: list.config, schema: listSchema }, async (request, reply) => {
      const owner = ownerFilter(deps.visibility, request.caller);
      const query = listQueryOf(request.query, deps.nowMs());
      const page = await deps.jobs.list(owner === undefined ? query : { ...query, owner });
      const next = page.next === undefined ? null : writeCursor(page.next);
      if (next !== null) reply.header('link', `<${nextPageUrl(request.url, next)}>; rel="next"`);
      return { jobs: page.jobs.map((job) => viewOf(job)), next };
    });

    app.get('/jobs/:id', { config: show.config, schema: showSchema }, async (request, reply) => {
      const { id } = request.params;
      await findVisibleJob(deps, id, request.caller);
      const waitMs = Number.parseInt(request.query.wait ?? '0', 10) * 1000;
      // A plain read waits for nothing, so it takes no slot of those who wait.
      const { job, progress } =
        waitMs === 0
          ? await loadJobState(deps, id)
          : await withWaitSlot(deps.waitSlots, request, reply, (signal) =>
              waitForEnd(deps, id, waitMs, signal),
            );
      if (!hasEnded(job)) reply.header('retry-after', '1');
      return viewOf(job, progress);
    });
  };
}

function listQueryOf(query: z.output<typeof jobQuery>, nowMs: number): JobListQuery {
  const { createdAfter, createdBefore, from, to, cursor, status, type, limit } = query;
  return {
    limit,
    nowMs,
    ...(status === undefined ? {} : { status }),
    ...(type === undefined ? {} : { type }),
    ...(createdAfter === undefined ? {} : { createdFromMs: createdAfter }),
    ...(createdBefore === undefined ? {} : { createdUntilMs: createdBefore }),
    ...(from === undefined ? {} : { fromMs: from }),
    ...(to === undefined ? {} : { toMs: to }),
    ...(cursor === undefined ? {} : { after: readCursor(cursor) }),
  };
}

/** The same list with the cursor of its next page. */
function nextPageUrl(url: string, cursor: string): string {
  const query = new URLSearchParams(url.split('?')[1]);
  query.set('cursor', cursor);
  return `/jobs?${query.toString()}`;
}

/** The state of a job when it has ended, after `waitMs`, or when the signal is aborted, whichever is first. */
async function waitForEnd(
  { poller, nowMs }: RouteDeps,
  jobId: string,
  waitMs: number,
  signal: AbortSignal,
): Promise<JobState> {
  const deadlineMs = nowMs() + waitMs;
  let last: JobState | undefined;
  for await (last of poller.follow(jobId, signal)) if (nowMs() >= deadlineMs) break;
  return last!;
}
