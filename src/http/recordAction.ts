import type { FastifyRequest } from 'fastify';
import type { JobAuditEntry } from '../ports/jobAudit';
import type { ServiceDeps } from './routes/routeDeps';

const MESSAGES = {
  'job.submitted': 'job submitted',
  'job.cancelled': 'cancellation of a job requested',
  'job.retried': 'retry of a job requested',
} as const satisfies Record<JobAuditEntry['action'], string>;

/** The caller of a request, and the request itself. */
export type Actor = Pick<FastifyRequest, 'caller' | 'id' | 'log'>;

/** Records in audit log and process log what a caller does to a job, before it is done. DATABASE_*. */
export async function recordAction(
  { audit }: Pick<ServiceDeps, 'audit'>,
  action: JobAuditEntry['action'],
  jobId: string,
  { caller, id, log }: Actor,
): Promise<void> {
  const { name, tenant } = caller;
  await audit?.record({
    action,
    jobId,
    actor: name,
    requestId: id,
    ...(tenant === undefined ? {} : { tenant }),
  });
  log.info({ job: jobId, caller: name, ...(tenant === undefined ? {} : { tenant }) }, MESSAGES[action]);
}
