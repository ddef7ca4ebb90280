import type { JobStatus } from '../contract/jobStatus';
import type { AuditSnapshotResult, TimePolicy } from '../contract/snapshot';
import type { JobReporter } from './jobReporter';

/** A job as it is stored; `_id` is the job id, 24 hex digits unless the caller that started the run chose another. */
export interface Job {
  readonly _id: string;
  readonly type: string;
  readonly payload: { readonly from: string; readonly to: string } & TimePolicy;
  readonly status: JobStatus;
  readonly result: AuditSnapshotResult | null;
  readonly error: { readonly code: string; readonly reason: string } | null;
  /** The caller of the job service that submitted the job; absent for a run that was started directly. */
  readonly submittedBy?: string;
  /** The tenant of that caller. */
  readonly tenant?: string;
  /** The latest requests to cancel or retry it, oldest first; at most {@link MAX_ACTIONS}. */
  readonly actions?: readonly JobAction[];
  /** When the run that wrote this row last was scheduled to, in milliseconds. */
  readonly asOfMs?: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** How many requests to cancel or retry a row keeps. */
export const MAX_ACTIONS = 20;

/** A request of a caller to change what a job does. */
export interface JobAction {
  readonly action: 'cancel' | 'retry';
  readonly by: string;
  readonly at: Date;
}

/** Who submitted a job. */
export interface JobOwner {
  readonly submittedBy: string;
  readonly tenant?: string | undefined;
}

/** A job's position in the list, which is ordered by creation time, then by id, both descending. */
export interface JobCursor {
  readonly createdAtMs: number;
  readonly jobId: string;
}

/** Which jobs to list; instants in milliseconds, members are joined by "and". */
export interface JobListQuery {
  readonly status?: JobStatus;
  readonly type?: string;
  /** Created in `[createdFromMs, createdUntilMs)`. */
  readonly createdFromMs?: number;
  readonly createdUntilMs?: number;
  /** Jobs whose window overlaps `[fromMs, toMs]`. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Only jobs that this caller submitted, or that callers of this tenant did. */
  readonly owner?: { readonly submittedBy: string } | { readonly tenant: string };
  readonly limit: number;
  /** The page begins after this job. */
  readonly after?: JobCursor;
  readonly nowMs: number;
}

export interface JobList {
  readonly jobs: readonly Job[];
  /** Where the next page begins; undefined at the end of the list. */
  readonly next: JobCursor | undefined;
}

/**
 * The rows of jobs, as the job service uses them; workers write to the same rows through {@link JobReporter}. Each
 * method is one atomic change of one row, visible to the next read of any process. Errors: DATABASE_*.
 */
export interface JobStore extends Pick<JobReporter, 'report'> {
  /** Creates a queued job, or returns the row that has this id already. */
  create(jobId: string, type: string, payload: Job['payload'], owner?: JobOwner): Promise<Job>;
  /** Adds a request to the row of a job, if there is one. */
  addAction(jobId: string, action: JobAction): Promise<void>;
  /** Removes a job that is still queued; any other stays. For a submission that failed before its run started. */
  discard(jobId: string): Promise<void>;
  /** Puts a job that failed or was cancelled back in the queue; any other stays as it is. */
  reopen(jobId: string): Promise<void>;
  find(jobId: string): Promise<Job | undefined>;
  /** One page, newest first. */
  list(query: JobListQuery): Promise<JobList>;
}
