import type { Connection } from 'mongoose';
import { findStuckStates, type StuckState } from '../jobs/stuckStates';
import { MongoJobStore } from '../mongo/jobStore';
import { MongoSnapshotRepository } from '../mongo/snapshotRepository';
import { MongoWindowLeaseStore } from '../mongo/windowLeaseStore';
import { temporalWorkflowStatus } from '../temporal/workflowStatusReader';
import { openTemporal } from './connections/temporal';

/** What is stuck, by database, Temporal and the snapshot ids of the ledger. DATABASE_*, TEMPORAL_*. */
export async function compareWithTemporal(
  connection: Connection,
  origin: string,
  sealed: readonly string[],
  nowMs: number,
): Promise<readonly StuckState[]> {
  await using temporal = await openTemporal();
  const deps = {
    jobs: new MongoJobStore(connection),
    leases: new MongoWindowLeaseStore(connection, origin),
    snapshots: new MongoSnapshotRepository(connection),
    workflowStatus: temporalWorkflowStatus(temporal.client),
    origin,
    nowMs,
  };
  return await findStuckStates(deps, sealed);
}
