import { workflowInfo } from '@temporalio/workflow';
import type { AuditScheduleInput } from '../../src/contract/schedule';
import { SnapshotError } from '../../src/errors';

/** Temporal sets it on every run that a Schedule starts: the time the run is for, before jitter and however late it starts. */
const SCHEDULED_START_TIME = 'TemporalScheduledStartTime';

/** The nominal time of this run in canonical form. PAYLOAD_INVALID for a run without one: the clock never replaces it. */
export function nominalTimeOf({ nominalTime }: AuditScheduleInput): string {
  const attribute: unknown = workflowInfo().searchAttributes[SCHEDULED_START_TIME]?.[0];
  if (attribute instanceof Date) return attribute.toISOString();
  const given = new Date(typeof nominalTime === 'string' ? nominalTime : Number.NaN);
  if (!Number.isNaN(given.getTime())) return given.toISOString();
  const message =
    'this run was not started by a Schedule, so it has no nominal time; trigger the schedule, or give nominalTime';
  throw new SnapshotError('PAYLOAD_INVALID', message);
}
