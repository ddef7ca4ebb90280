import type { Progress } from '../../contract/snapshot';
import type { SnapshotStarter } from '../../jobs/handlers/auditSnapshotHandler';
import type { IJob } from '../../models/job.model';
import type { IdempotencyKeys } from '../../mongo/idempotencyKeys';
import type { JobList, JobListQuery } from '../../mongo/jobList';
import type { JobReporter } from '../../ports/jobReporter';
import type { WorkflowStatusReader } from '../../ports/workflowStatusReader';
import type { JobPoller } from '../polling/jobPoller';
import type { WaitSlots } from '../polling/waitSlots';

/** What the routes need of the job rows. */
export interface JobStore extends Pick<JobReporter, 'report'> {
  /** Idempotent: returns the existing row when there is one. */
  create(jobId: string, type: string, payload: IJob['payload']): Promise<IJob>;
  discard(jobId: string): Promise<void>;
  reopen(jobId: string): Promise<void>;
  find(jobId: string): Promise<IJob | undefined>;
  list(query: JobListQuery): Promise<JobList>;
}

/** What the routes need of the workflow runs of jobs: the client library in production. */
interface SnapshotRuns extends SnapshotStarter {
  /** May reject, or take long. */
  progress(jobId: string): Promise<Progress>;
  /** Requests cancellation; JOB_NOT_FOUND when no run is open. */
  cancel(jobId: string): Promise<void>;
}

/** What the job service is composed of. */
export interface ServiceDeps {
  readonly jobs: JobStore;
  readonly keys: IdempotencyKeys;
  readonly snapshots: SnapshotRuns;
  readonly workflowStatus: WorkflowStatusReader;
  readonly nowMs: () => number;
  readonly newJobId: () => string;
  /** Resolves after that time, or as soon as the signal is aborted; never rejects. */
  readonly pause: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export interface RouteDeps extends ServiceDeps {
  readonly poller: JobPoller;
  readonly waitSlots: WaitSlots;
}
