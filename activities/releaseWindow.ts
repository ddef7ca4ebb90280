import type { ReleaseWindowResult, SnapshotRef } from '../src/contract/activities';
import type { SealingDeps } from '../src/sealing/deps';
import { withHeartbeat } from '../src/temporal/heartbeat';

/**
 * Rolls back: ends the lease on the window unless signing began. Nothing is marked before signing, and the stored chunks
 * expire with their short lock. `released` is also true when there was no lease.
 */
export function releaseWindow(deps: SealingDeps, { snapshotId }: SnapshotRef): Promise<ReleaseWindowResult> {
  return withHeartbeat(async () => ({ released: await deps.leases.withdraw(snapshotId) }));
}
