import type { SnapshotRef } from '../src/contract/activities';
import { NO_ASSET } from '../src/contract/names';
import type { AuditSnapshotResult } from '../src/contract/snapshot';
import { SnapshotError } from '../src/errors';
import type { SealingDeps } from '../src/sealing/deps';
import { withHeartbeat } from '../src/temporal/heartbeat';
import { findSigned, type SignedRow } from '../src/sealing/snapshotRows';

/**
 * Writes the audit entry `snapshot.created` once, closes the snapshot and ends its lease, in this order: after a crash in
 * between the lease is still held, and the next run of the job ends it. SNAPSHOT_CONFLICT when a step is missing.
 */
export function recordSnapshot(deps: SealingDeps, { snapshotId }: SnapshotRef): Promise<AuditSnapshotResult> {
  return withHeartbeat(async () => {
    const row = await findSigned(deps, snapshotId);
    const result = row.result ?? (await close(deps, row));
    await deps.leases.finish(snapshotId);
    return result;
  });
}

async function close(deps: SealingDeps, row: SignedRow): Promise<AuditSnapshotResult> {
  const { snapshotId, window, leftOut, manifest, signature, snapshotAssetId, ledgerIndex, chunkCount } = row;
  const marks = await deps.snapshots.listMarks(snapshotId);
  if (snapshotAssetId === null || ledgerIndex === null || marks.length !== chunkCount) {
    const state = `${marks.length} of ${chunkCount} chunks marked, asset ${snapshotAssetId ?? 'missing'}, ledger index ${ledgerIndex ?? 'missing'}`;
    throw new SnapshotError(
      'SNAPSHOT_CONFLICT',
      `snapshot ${snapshotId} cannot be closed yet: ${state}; run the job again`,
    );
  }
  const { recordCount, findingCount, sha256: manifestSha256 } = manifest;
  // Counted before the audit entry, which is itself a record and could fall into the window.
  const lateCount = await deps.records.countUnsealed(window);
  if (snapshotAssetId !== NO_ASSET) {
    const signedHash = signature.signature;
    await deps.records.recordSnapshotCreated({ snapshotAssetId, recordCount, signedHash });
  }
  const result = await deps.snapshots.close(snapshotId, {
    snapshotAssetId,
    recordCount,
    snapshotId,
    window,
    findingCount,
    conflictCount: marks.reduce((sum, mark) => sum + mark.conflictCount, 0),
    lateCount,
    ...(leftOut === null ? {} : { leftOut }),
    manifestSha256,
    ledgerIndex,
  });
  deps.metrics?.record({ kind: 'snapshot', recordCount, lateCount });
  return result;
}
