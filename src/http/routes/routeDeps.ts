import type { Progress } from '../../contract/snapshot';
import type { JobControlDeps } from '../../jobs/jobControl';
import type { JobAudit } from '../../ports/jobAudit';
import type { IdempotencyKeys } from '../../ports/idempotencyKeys';
import type { JobStore } from '../../ports/jobStore';
import type { JobPoller } from '../polling/jobPoller';
import type { WaitSlots } from '../polling/waitSlots';
import type { Visibility } from '../visibility';

/** What the routes need of the workflow runs of jobs: the client library in production. */
type SnapshotRuns = JobControlDeps['snapshots'] & {
  /** May reject, or take long. */
  progress(jobId: string): Promise<Progress>;
  /** The id of the open run of a job; undefined when none is open. */
  openRunId(jobId: string): Promise<string | undefined>;
};

/** What the job service is composed of. */
export interface ServiceDeps extends JobControlDeps {
  readonly jobs: JobStore;
  readonly keys: IdempotencyKeys;
  readonly snapshots: SnapshotRuns;
  /** Undefined: the audit log gets no entries of the job service. */
  readonly audit?: JobAudit | undefined;
  readonly visibility: Visibility;
  readonly newJobId: () => string;
  /** Resolves after that time, or as soon as the signal is aborted; never rejects. */
  readonly pause: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** Counts what the service does. */
export interface ServiceMetrics {
  readonly countError: (code: string) => void;
  /** `route` is the pattern of the route, so that its values are few. */
  readonly observeRequest: (labels: RequestLabels, seconds: number) => void;
}

export interface RequestLabels {
  readonly method: string;
  readonly route: string;
  readonly status: string;
}

export interface RouteDeps extends ServiceDeps {
  readonly poller: JobPoller;
  readonly waitSlots: WaitSlots;
}
