import type { ReleaseWindowResult, SnapshotRef } from '../src/contract/activities';
import type { ActivityDeps } from './deps';
import { withHeartbeat } from './heartbeat';

/**
 * Rolls back: gives the window up unless signing began. Nothing was marked by then, and the chunks expire by
 * themselves. `released` is true as well when there was no lease to give up.
 */
export function releaseWindow(deps: ActivityDeps, { snapshotId }: SnapshotRef): Promise<ReleaseWindowResult> {
  return withHeartbeat(async () => {
    const lease = await deps.leases.find(snapshotId);
    return { released: lease === undefined || (await deps.leases.release(snapshotId, lease.sequence)) };
  });
}
