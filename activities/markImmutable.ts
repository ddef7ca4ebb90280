import type { MarkedChunk, MarkImmutableInput, Position } from '../src/contract/activities';
import type { Bounds } from '../src/contract/window';
import { listedId } from '../src/evidence/recordIds';
import { SnapshotError } from '../src/errors';
import type { SealingDeps } from '../src/sealing/deps';
import { findSigned } from '../src/sealing/snapshotRows';
import { readStoredChunk } from '../src/sealing/storedChunk';
import { withHeartbeat } from '../src/temporal/heartbeat';

/** Records marked between two reports of progress; a killed worker costs as many again. */
const RECORDS_PER_REPORT = 2_048;

/** Heartbeat details: the first `marked` records of the chunk are marked, with so many conflicts among them. */
interface MarkingProgress {
  readonly index: number;
  readonly marked: number;
  readonly conflicts: number;
}

/**
 * Marks exactly the records in a stored chunk. Never by time range: a record that arrived since would be marked without
 * being in the snapshot. Records that are gone or that another snapshot marked are stored as conflicts and left alone. A
 * retry continues after what an earlier try marked. SNAPSHOT_CONFLICT, STORAGE_*, DATABASE_*.
 */
export function markImmutable(
  deps: SealingDeps,
  { snapshotId, index }: MarkImmutableInput,
): Promise<MarkedChunk> {
  return withHeartbeat(async (signal, reportProgress, previousHeartbeat) => {
    const start = markedBefore(previousHeartbeat, index);
    const report = (progress: MarkingProgress): void => reportProgress(progress);
    // Reported again at once: a try that is killed early would leave no progress to the next one.
    if (start > 0) report({ index, marked: start, conflicts: 0 });

    const positions = await readPositions(deps, snapshotId, index);
    const conflicts: string[] = [];
    for (let from = start; from < positions.length; from += RECORDS_PER_REPORT) {
      signal.throwIfAborted();
      const some = positions.slice(from, from + RECORDS_PER_REPORT);
      const ids = some.map(({ id }) => id);
      const outcome = await deps.records.updateLogImmutability(ids, snapshotId, timeOf(some));
      // As evidence lists them: ids may be as large as records, and they are all in one row.
      conflicts.push(...outcome.conflicts.map(listedId));
      report({ index, marked: from + some.length, conflicts: conflicts.length });
    }
    await deps.snapshots.setMarked(snapshotId, index, conflicts);
    return { index, count: positions.length, conflicts: conflicts.length };
  });
}

/** The log time of records, which are in order. */
function timeOf(positions: readonly Position[]): Bounds | undefined {
  const [first, last] = [positions[0], positions.at(-1)];
  if (!first || !last) return undefined;
  return { fromMs: Date.parse(first.timestamp), untilMs: Date.parse(last.timestamp) + 1 };
}

/** The positions of the records in a chunk, as storage returns it. */
async function readPositions(deps: SealingDeps, snapshotId: string, index: number): Promise<Position[]> {
  const snapshot = await findSigned(deps, snapshotId);
  const row = await deps.snapshots.findChunk(snapshotId, index);
  if (!row) throw new SnapshotError('SNAPSHOT_CONFLICT', `snapshot ${snapshotId} has no chunk ${index}`);
  const { records } = await readStoredChunk(deps.store, row.chunk.key, snapshot, row.chunk);
  const positions: Position[] = [];
  for await (const { position } of records) positions.push(position);
  return positions;
}

/** 0 when there were conflicts: a heartbeat does not say which records they are, so all are tried again. */
function markedBefore(previousHeartbeat: unknown, index: number): number {
  const progress = previousHeartbeat as MarkingProgress | undefined;
  return progress?.index === index && progress.conflicts === 0 ? progress.marked : 0;
}
