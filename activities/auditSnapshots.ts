import type { AuditSnapshotsInput, VerifyActivities } from '../src/contract/audit';
import { auditLive } from '../src/services/liveAudit';
import type { ActivityDeps } from './deps';
import { withHeartbeat } from './heartbeat';
import { openLedger } from './verifyLedger';

/** Long enough that reading the ledger again does not count, short enough that a retry repeats little. */
const BATCH_MS = 60_000;
/** References in one result: well below what a history takes. */
const MAX_LISTED = 100;

/** Compares snapshots with the live log for about a minute, at least one of them. Only reads. */
export function auditSnapshots(
  deps: ActivityDeps,
  { place, within }: AuditSnapshotsInput,
): ReturnType<VerifyActivities['auditSnapshots']> {
  return withHeartbeat(async (signal, note) => {
    const audit = await auditLive(deps, {
      ledger: await openLedger(deps),
      ...(within ? { within } : {}),
      fromPlace: place,
      lateAllowanceMs: deps.settings.lateAllowanceMs,
      untilMs: deps.clock.nowMs() + BATCH_MS,
      signal,
      onProgress: (snapshotId, records) => note({ snapshotId, records }),
    });
    return { ...audit, drifts: audit.drifts.slice(0, MAX_LISTED) };
  });
}
