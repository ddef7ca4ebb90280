import type { JobAudit } from '../ports/jobAudit';
import type { AuditService } from './audit.service';

/** Writes what callers do to jobs into the audit log itself, so that it is sealed like every other entry. */
export function jobAudit(log: Pick<AuditService, 'logAuditEntry'>): JobAudit {
  return {
    record: async ({ action, jobId, actor, tenant, requestId }) => {
      const source = requestId === undefined ? { via: 'command line' } : { requestId };
      const details = { ...source, ...(tenant === undefined ? {} : { tenant }) };
      await log.logAuditEntry({
        resourceType: 'audit_job',
        resourceId: jobId,
        action,
        actorId: actor,
        details,
      });
    },
  };
}
