import type { MarkedChunk, MarkImmutableInput } from '../src/contract/activities';
import { SnapshotError } from '../src/errors';
import type { SealingDeps } from '../src/sealing/deps';
import { withHeartbeat } from '../src/temporal/heartbeat';
import { findSigned } from '../src/sealing/snapshotRows';
import { readStoredChunk } from '../src/sealing/storedChunk';

/** Records marked between two notes of how far it is; a killed worker costs as many again. */
const RECORDS_PER_NOTE = 2_048;

/** What is noted: the first `marked` records of the chunk are marked, with so many conflicts among them. */
interface Marked {
  readonly index: number;
  readonly marked: number;
  readonly conflicts: number;
}

/**
 * Marks exactly the records in a stored chunk. Never by time range: a record that arrived since would be marked
 * without being in the snapshot. Records that are gone or someone else's are noted as conflicts and left alone. A retry
 * goes on behind what an earlier try marked.
 */
export function markImmutable(
  deps: SealingDeps,
  { snapshotId, index }: MarkImmutableInput,
): Promise<MarkedChunk> {
  return withHeartbeat(async (signal, note, last) => {
    const done = markedBefore(last, index);
    // Said again at once, or a try that is killed early would leave nothing to the next one.
    if (done > 0) note({ index, marked: done, conflicts: 0 } satisfies Marked);
    const row = await findSigned(deps, snapshotId);
    const stored = await deps.snapshots.findChunk(snapshotId, index);
    if (!stored) throw new SnapshotError('SNAPSHOT_CONFLICT', `snapshot ${snapshotId} has no chunk ${index}`);
    const { records } = await readStoredChunk(deps.store, stored.chunk.key, row.window, stored.chunk);
    const ids: string[] = [];
    for await (const { id } of records) ids.push(id);
    const conflicts: string[] = [];
    for (let start = done; start < ids.length; start += RECORDS_PER_NOTE) {
      signal.throwIfAborted();
      const outcome = await deps.records.updateLogImmutability(
        ids.slice(start, start + RECORDS_PER_NOTE),
        snapshotId,
      );
      conflicts.push(...outcome.conflicts);
      const marked = Math.min(start + RECORDS_PER_NOTE, ids.length);
      note({ index, marked, conflicts: conflicts.length } satisfies Marked);
    }
    await deps.snapshots.setMarked(snapshotId, index, conflicts);
    return { index, count: ids.length, conflicts: conflicts.length };
  });
}

/** Which records were in conflict is not noted, so behind one everything is looked at again. */
function markedBefore(last: unknown, index: number): number {
  const noted = last as Marked | undefined;
  return noted?.index === index && noted.conflicts === 0 ? noted.marked : 0;
}
