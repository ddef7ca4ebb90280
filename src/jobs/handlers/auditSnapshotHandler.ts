import type { AuditSnapshotInput, AuditSnapshotResult } from '../../contract/snapshot';
import type { Job } from '../../ports/jobStore';
import { findJobType } from '../jobRegistry';

/** A run that was started, or attached to. */
export interface StartedSnapshot {
  result(): Promise<AuditSnapshotResult>;
}

/** Starts snapshots; idempotent for each job. The client library in production. */
export interface SnapshotStarter {
  start(input: AuditSnapshotInput): Promise<StartedSnapshot>;
}

export interface HandlerDeps {
  readonly snapshots: SnapshotStarter;
  readonly nowMs: () => number;
}

type SnapshotJob = Pick<Job, '_id' | 'type' | 'payload'>;

/** Starts the workflow of a job of type `audit.snapshot`, or attaches to its run. PAYLOAD_INVALID, WINDOW_INVALID, TEMPORAL_*. */
export function startAuditSnapshotJob(job: SnapshotJob, deps: HandlerDeps): Promise<StartedSnapshot> {
  const { policy, parse } = findJobType(job.type);
  const window = parse(job.payload, deps.nowMs());
  return deps.snapshots.start({ jobId: job._id, ...window, ...policy });
}

/**
 * Handler of the job type `audit.snapshot`: seals the window of the job and returns its result. A second call for the same
 * job attaches to the run, or returns the existing result.
 */
export async function handleAuditSnapshotJob(
  job: SnapshotJob,
  deps: HandlerDeps,
): Promise<{ snapshotAssetId: string; recordCount: number }> {
  const run = await startAuditSnapshotJob(job, deps);
  const { snapshotAssetId, recordCount } = await run.result();
  return { snapshotAssetId, recordCount };
}
