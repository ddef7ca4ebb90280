import type { AuditSnapshotInput, AuditSnapshotResult } from '../../contract/snapshot';
import type { IJob } from '../../models/job.model';
import { findJobType } from '../jobRegistry';

/** A run that was started, or found running or finished. */
export interface StartedSnapshot {
  result(): Promise<AuditSnapshotResult>;
}

/** Starts snapshots; idempotent per job. The client SDK in production. */
export interface SnapshotStarter {
  start(input: AuditSnapshotInput): Promise<StartedSnapshot>;
}

export interface HandlerDeps {
  readonly snapshots: SnapshotStarter;
  readonly nowMs: () => number;
}

type SnapshotJob = Pick<IJob, '_id' | 'type' | 'payload'>;

/** Starts the workflow of a job of type `audit.snapshot`, or attaches to it. PAYLOAD_INVALID, WINDOW_INVALID, TEMPORAL_*. */
export function startAuditSnapshotJob(job: SnapshotJob, deps: HandlerDeps): Promise<StartedSnapshot> {
  const { policy, parse } = findJobType(job.type);
  const window = parse(job.payload, deps.nowMs());
  return deps.snapshots.start({ jobId: job._id, ...window, ...policy });
}

/**
 * Handler of the job type `audit.snapshot`: seals the job's window and gives its result. Called again for the same job
 * it attaches to the run, or returns the result that is there.
 */
export async function handleAuditSnapshotJob(
  job: SnapshotJob,
  deps: HandlerDeps,
): Promise<{ snapshotAssetId: string; recordCount: number }> {
  const run = await startAuditSnapshotJob(job, deps);
  const { snapshotAssetId, recordCount } = await run.result();
  return { snapshotAssetId, recordCount };
}
