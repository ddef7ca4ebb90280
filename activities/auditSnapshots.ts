import type { AuditSnapshotsInput, VerifyActivities } from '../src/contract/drift';
import { auditDrift } from '../src/verify/auditDrift';
import type { SealingDeps } from '../src/sealing/deps';
import { withHeartbeat } from '../src/temporal/heartbeat';
import { reopenLedger } from '../src/verify/openLedger';
import { limitNotes } from '../src/verify/report';

/** Long enough that starting an activity costs little in comparison, short enough that a retry repeats little. */
const BATCH_MS = 60_000;
/** References in one result: well below the payload limit of a history. */
const MAX_LISTED = 100;

/** Compares snapshots with the live log for about a minute, but at least one. Only reads. */
export function auditSnapshots(
  deps: SealingDeps,
  { place, within }: AuditSnapshotsInput,
): ReturnType<VerifyActivities['auditSnapshots']> {
  return withHeartbeat(async (signal, reportProgress) => {
    const audit = await auditDrift(deps, {
      ledger: await reopenLedger(deps),
      readLedger: () => reopenLedger(deps),
      source: deps.settings.source,
      ...(within ? { within } : {}),
      fromIndex: place,
      lateAllowanceMs: deps.settings.lateAllowanceMs,
      logRetentionMs: deps.settings.logRetentionMs,
      untilMs: deps.clock.nowMs() + BATCH_MS,
      signal,
      onProgress: (snapshotId, records) => reportProgress({ snapshotId, records }),
    });
    return {
      ...audit,
      drifts: audit.drifts.slice(0, MAX_LISTED),
      notes: limitNotes(audit.notes, MAX_LISTED),
    };
  });
}
