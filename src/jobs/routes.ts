import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import type { Progress } from '../contract/snapshot';
import { SnapshotError } from '../errors';
import type { IJob } from '../models/job.model';
import type { JobDesk } from '../ports';
import { startAuditSnapshotJob, type SnapshotStarter } from './handlers/auditSnapshotHandler';
import { findJobType } from './jobRegistry';
import { failure, jobParams, jobView, submission, success } from './schemas';

/** What the routes need of the job rows. */
interface JobStore extends Pick<JobDesk, 'report'> {
  create(type: string, payload: IJob['payload']): Promise<IJob>;
  discard(jobId: string): Promise<void>;
  find(jobId: string): Promise<IJob | undefined>;
}

export interface RouteDeps {
  readonly jobs: JobStore;
  readonly snapshots: SnapshotStarter;
  /** Progress of a job's run; may fail or take its time. */
  readonly progress: (jobId: string) => Promise<Progress>;
  readonly nowMs: () => number;
}

const PROGRESS_MS = 2_000;

/** The routes of the job service. */
export function jobRoutes(deps: RouteDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.post(
      '/jobs',
      { schema: { body: submission, response: { 202: jobView } } },
      async (request, reply) => {
        const { type, payload } = request.body;
        const window = findJobType(type).parse(payload, deps.nowMs());
        const job = await deps.jobs.create(type, window);
        try {
          await startAuditSnapshotJob(job, deps);
        } catch (error) {
          // The caller learns that nothing was started and submits again; a row that nobody works on would only mislead.
          await deps.jobs.discard(job._id);
          throw error;
        }
        reply.header('location', `/jobs/${job._id}`).header('retry-after', '1');
        return reply.code(202).send(viewOf(job));
      },
    );

    app.get('/jobs/:id', { schema: { params: jobParams, response: { 200: jobView } } }, async (request) => {
      const job = await findJob(deps, request.params.id);
      const progress = job.status === 'running' ? await progressOf(deps, job._id) : undefined;
      return viewOf(job, progress);
    });

    app.post(
      '/jobs/:id/succeed',
      { schema: { params: jobParams, body: success, response: { 200: jobView } } },
      async (request) => {
        const { id } = request.params;
        await deps.jobs.report(id, { status: 'succeeded', result: request.body.result });
        return viewOf(await findJob(deps, id));
      },
    );

    app.post(
      '/jobs/:id/fail',
      { schema: { params: jobParams, body: failure, response: { 200: jobView } } },
      async (request) => {
        const { id } = request.params;
        await deps.jobs.report(id, request.body);
        return viewOf(await findJob(deps, id));
      },
    );
  };
}

async function findJob({ jobs }: RouteDeps, jobId: string): Promise<IJob> {
  const job = await jobs.find(jobId);
  if (job) return job;
  throw new SnapshotError('JOB_NOT_FOUND', `there is no job ${jobId}`);
}

/** Best effort: a job is shown without progress rather than late. */
async function progressOf(deps: RouteDeps, jobId: string): Promise<Progress | undefined> {
  const timer = AbortSignal.timeout(PROGRESS_MS);
  const late = new Promise<undefined>((resolve) => {
    timer.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  return Promise.race([deps.progress(jobId).catch(() => undefined), late]);
}

function viewOf(job: IJob, progress?: Progress): z.infer<typeof jobView> {
  const { _id, type, payload, status, result, error, createdAt, updatedAt } = job;
  const shown = { jobId: _id, type, payload, status, result, error, createdAt, updatedAt };
  return progress === undefined ? shown : { ...shown, progress };
}
