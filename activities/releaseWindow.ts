import type { ReleaseWindowResult, SnapshotRef } from '../src/contract/activities';
import type { SealingDeps } from '../src/sealing/deps';
import { withHeartbeat } from '../src/temporal/heartbeat';

/**
 * Rolls back: gives the window up unless signing began. Nothing was marked by then, and the chunks expire by
 * themselves. `released` is true as well when there was no lease to give up.
 */
export function releaseWindow(deps: SealingDeps, { snapshotId }: SnapshotRef): Promise<ReleaseWindowResult> {
  return withHeartbeat(async () => ({ released: await deps.leases.withdraw(snapshotId) }));
}
