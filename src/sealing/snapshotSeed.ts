import type { OpenSnapshotInput } from '../contract/activities';
import { snapshotIdOf } from '../contract/names';
import { formatInstant } from '../contract/window';
import type { SnapshotSeed } from '../ports/snapshotRepository';
import type { SealingDeps } from './deps';
import { requireNotLost } from './lostSnapshot';
import { requireOwnOrigin } from './ownOrigin';
import { requireLedgerSource, requireSameSource } from './ownSource';
import { newestKey } from './signing';

/**
 * Everything that a later attempt could decide differently (time, key version, limits), decided once: a snapshot that was
 * opened before keeps its values. KEY_MISSING, ORIGIN_MISMATCH, SOURCE_MISMATCH, SNAPSHOT_LOST.
 *
 * `scheduledMs` is when Temporal scheduled the attempt. By the same clock, the workflow found that the window is over; the
 * clock of this machine may be wrong, and would date the snapshot before the end of its window or after its key.
 */
export async function seedOf(
  deps: SealingDeps,
  { jobId, window, onTamper }: OpenSnapshotInput,
  scheduledMs: number,
): Promise<SnapshotSeed> {
  const { settings } = deps;
  const snapshotId = snapshotIdOf(jobId);
  const known = await deps.snapshots.find(snapshotId);
  if (known) {
    requireOwnOrigin(known, settings);
    requireSameSource(known, settings.source);
  }
  await requireNotLost(deps, snapshotId, known);
  if (known) return { ...known, window, onTamper };
  await requireLedgerSource(deps, settings.source);
  const key = await newestKey(deps.signer);
  // A clock that is slower than that of the signer would date the snapshot before its key existed.
  const openedAtMs = Math.max(scheduledMs, key.createdAt.getTime());
  return {
    snapshotId,
    jobId,
    origin: settings.origin,
    source: settings.source,
    window,
    onTamper,
    openedAt: formatInstant(openedAtMs),
    retainUntil: formatInstant(openedAtMs + settings.retentionMs),
    hashScheme: settings.hashScheme,
    timestamp: deps.timestamper ? 'rfc3161' : 'none',
    keyVersion: key.version,
    publicKey: key.publicKey.toString('base64'),
    software: settings.software,
    chunkLimits: settings.chunkLimits,
  };
}
