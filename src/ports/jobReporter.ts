import type { JobOutcome } from '../contract/activities';
import type { AuditSnapshotInput } from '../contract/snapshot';

/**
 * Where a run reports its job: the rows themselves, or the job service over HTTP. Errors: JOB_CONFLICT, JOB_NOT_FOUND,
 * DATABASE_*, JOB_SERVICE_*.
 */
export interface JobReporter {
  /**
   * Sets the job to running, and creates the row of a run that was started directly. `asOfMs` is when the call was
   * scheduled: a job that ended after that stays as it is, so a delayed call reopens nothing.
   */
  ensure(input: Pick<AuditSnapshotInput, 'jobId' | 'from' | 'to'>, asOfMs: number): Promise<void>;
  /**
   * Ends the job. Idempotent for the same outcome; JOB_CONFLICT for another one, JOB_NOT_FOUND. `runId` is the workflow run
   * that reports; the job service accepts a report of the open run only.
   */
  report(jobId: string, outcome: JobOutcome, runId?: string): Promise<void>;
}
