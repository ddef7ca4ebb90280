import type { AuditSnapshotInput, AuditSnapshotResult, OnTamper } from '../../contract/snapshot';
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

/**
 * Starts the workflow of a job of type `audit.snapshot`, or attaches to its run. `onTamper` is the policy of a snapshot that
 * was opened before. PAYLOAD_INVALID, WINDOW_INVALID, TEMPORAL_*.
 */
export function startAuditSnapshotJob(
  job: SnapshotJob,
  deps: HandlerDeps,
  onTamper?: OnTamper,
): Promise<StartedSnapshot> {
  const { policy, parse } = findJobType(job.type);
  const request = parse(job.payload, deps.nowMs());
  const input = { jobId: job._id, ...policy, ...request };
  return deps.snapshots.start(onTamper === undefined ? input : { ...input, onTamper });
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
