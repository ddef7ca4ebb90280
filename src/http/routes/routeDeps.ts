import type { Progress } from '../../contract/snapshot';
import type { IdempotencyKeys } from '../../ports/idempotencyKeys';
import type { JobStore } from '../../ports/jobStore';
import type { WorkflowStatusReader } from '../../ports/workflowStatusReader';
import type { SnapshotStarter } from '../../jobs/handlers/auditSnapshotHandler';
import type { JobPoller } from '../polling/jobPoller';

export type { JobStore } from '../../ports/jobStore';

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
