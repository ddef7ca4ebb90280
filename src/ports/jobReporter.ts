import type { JobOutcome } from '../contract/activities';
import type { AuditSnapshotInput } from '../contract/snapshot';

/** Where jobs are kept and answered. */
export interface JobReporter {
  /** Says that a job runs, and makes the row of one started directly. One that ended since `asOfMs` stays as it is. */
  ensure(input: Pick<AuditSnapshotInput, 'jobId' | 'from' | 'to'>, asOfMs: number): Promise<void>;
  /** Idempotent for the same outcome; JOB_CONFLICT for another one. */
  report(jobId: string, outcome: JobOutcome): Promise<void>;
}
