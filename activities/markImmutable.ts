import type { MarkedChunk, MarkImmutableInput } from '../src/contract/activities';
import { SnapshotError } from '../src/errors';
import type { ActivityDeps } from './deps';
import { withHeartbeat } from './heartbeat';
import { findSigned } from './snapshotState';
import { readStoredChunk } from './storedChunk';

/** Records marked between two heartbeats. */
const RECORDS_PER_UPDATE = 8_192;

/**
 * Marks exactly the records in a stored chunk. Never by time range: a record that arrived since would be marked
 * without being in the snapshot. Records that are gone or someone else's are noted as conflicts and left alone.
 */
export function markImmutable(
  deps: ActivityDeps,
  { snapshotId, index }: MarkImmutableInput,
): Promise<MarkedChunk> {
  return withHeartbeat(async (signal, note) => {
    const row = await findSigned(deps, snapshotId);
    const stored = await deps.snapshots.findChunk(snapshotId, index);
    if (!stored) throw new SnapshotError('SNAPSHOT_CONFLICT', `snapshot ${snapshotId} has no chunk ${index}`);
    const { records } = await readStoredChunk(deps.store, stored.chunk.key, row.window, stored.chunk);
    const ids: string[] = [];
    for await (const { id } of records) ids.push(id);
    const conflicts: string[] = [];
    for (let start = 0; start < ids.length; start += RECORDS_PER_UPDATE) {
      signal.throwIfAborted();
      const outcome = await deps.records.updateLogImmutability(
        ids.slice(start, start + RECORDS_PER_UPDATE),
        snapshotId,
      );
      conflicts.push(...outcome.conflicts);
      note({ index, marked: Math.min(start + RECORDS_PER_UPDATE, ids.length) });
    }
    await deps.snapshots.setMarked(snapshotId, index, conflicts);
    return { index, count: ids.length, conflicts: conflicts.length };
  });
}
