import type { Progress } from '../../contract/snapshot';
import type { IJob } from '../../models/job.model';
import type { JobReporter } from '../../ports/jobReporter';
import type { WorkflowStatusReader } from '../../ports/workflowStatusReader';
import type { IdempotencyKeys } from '../../mongo/idempotencyKeys';
import type { JobList, JobListQuery } from '../../mongo/jobList';
import type { SnapshotStarter } from '../../jobs/handlers/auditSnapshotHandler';
import type { JobPoller } from '../polling/jobPoller';

/** What the routes need of the job rows. */
export interface JobStore extends Pick<JobReporter, 'report'> {
  /** Idempotent: gives the row that is there when there is one. */
  create(jobId: string, type: string, payload: IJob['payload']): Promise<IJob>;
  discard(jobId: string): Promise<void>;
  reopen(jobId: string): Promise<void>;
  find(jobId: string): Promise<IJob | undefined>;
  list(query: JobListQuery): Promise<JobList>;
}

/** What the routes need of the runs of jobs: the client SDK in production. */
interface SnapshotRuns extends SnapshotStarter {
  /** May fail or take its time. */
  progress(jobId: string): Promise<Progress>;
  /** Asks the run to stop; JOB_NOT_FOUND when none is open. */
  cancel(jobId: string): Promise<void>;
}

export interface ServiceDeps {
  readonly jobs: JobStore;
  readonly keys: IdempotencyKeys;
  readonly snapshots: SnapshotRuns;
  readonly directory: WorkflowStatusReader;
  readonly nowMs: () => number;
  readonly newJobId: () => string;
  /** Ends after that time, or as soon as the signal is aborted; never rejects. */
  readonly pause: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export interface RouteDeps extends ServiceDeps {
  readonly watch: JobPoller;
}
