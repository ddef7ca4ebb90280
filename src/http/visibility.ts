import type { Job, JobListQuery } from '../ports/jobStore';
import type { Caller } from './auth/caller';

/** Which jobs a caller sees: all, those of callers of its tenant, or those that it submitted itself. */
export type Visibility = 'all' | 'tenant' | 'own';

/** Which jobs a caller sees in the list; undefined for all. A caller without a tenant sees its own. */
export function ownerFilter(visibility: Visibility, caller: Caller): JobListQuery['owner'] {
  if (visibility === 'all' || caller.scopes.has('jobs:any')) return undefined;
  const { name, tenant } = caller;
  return visibility === 'tenant' && tenant !== undefined ? { tenant } : { submittedBy: name };
}

/** Whether a caller sees this job. */
export function isVisible(job: Job, visibility: Visibility, caller: Caller): boolean {
  const owner = ownerFilter(visibility, caller);
  if (owner === undefined) return true;
  return 'tenant' in owner ? job.tenant === owner.tenant : job.submittedBy === owner.submittedBy;
}
