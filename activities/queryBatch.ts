import type {
  Cursor,
  Position,
  QueriedBatch,
  QueryBatchInput,
  StoredChunk,
} from '../src/contract/activities';
import { ChunkPacker } from '../src/evidence/chunkPacker';
import { MAX_CHUNKS } from '../src/evidence/limits';
import { chunkKey } from '../src/evidence/objectKeys';
import { comparePositions } from '../src/evidence/recordOrder';
import { sha256Hex } from '../src/tlog/sha256';
import { SnapshotError } from '../src/errors';
import type { SnapshotRow } from '../src/ports/snapshotRepository';
import { listedCursor, startOfChunk } from '../src/sealing/chunkCursor';
import { collectBatch } from '../src/sealing/collectBatch';
import { holdUntil, type SealingDeps } from '../src/sealing/deps';
import { openSealedRecords } from '../src/sealing/publishedOverlaps';
import { findOpened } from '../src/sealing/snapshotRows';
import { readStoredChunk } from '../src/sealing/storedChunk';
import { withHeartbeat } from '../src/temporal/heartbeat';

/**
 * Queries the next records of the window and stores them as one chunk. A chunk that an earlier attempt stored is adopted,
 * whatever the query returns: its content decides count and cursor, so every attempt continues from the same bytes.
 */
export function queryBatch(deps: SealingDeps, input: QueryBatchInput): Promise<QueriedBatch> {
  return withHeartbeat(async (signal, reportProgress) => {
    const { snapshotId, index } = input;
    const row = await findOpened(deps, snapshotId);
    const { sliceMs } = input.cursor;
    const after = await startOfChunk(deps.store, row, index, input.cursor);
    const packer = new ChunkPacker();
    const sealed = row.overlaps.length === 0 ? undefined : await openSealedRecords(deps, row);
    const target = { source: deps.records, chunk: packer, row, signal, sealed };
    const batch = await collectBatch(target, { after, sliceMs }, (records) =>
      reportProgress({ index, records }),
    );
    const { exhausted } = batch;
    const cursor = listedCursor(batch.cursor);
    if (packer.count === 0) return { chunk: null, cursor, exhausted: true };
    if (index >= MAX_CHUNKS) throw tooManyChunks(row);

    const key = chunkKey(snapshotId, index);
    const body = await packer.finish();
    signal.throwIfAborted();
    const put = await deps.store.putOnce(key, body, holdUntil(deps));
    if (!put) return adoptStoredChunk(deps, row, index, { after, sliceMs });
    return { chunk: chunkOf(index, key, put.versionId, packer.count, body), cursor, exhausted };
  });
}

function tooManyChunks({ snapshotId, window }: SnapshotRow): SnapshotError {
  const message = `the records of ${window.from} → ${window.to} do not fit into ${MAX_CHUNKS} chunks [snapshot=${snapshotId}]; nothing was signed, seal shorter windows or larger chunks`;
  return new SnapshotError('SNAPSHOT_TOO_LARGE', message);
}

async function adoptStoredChunk(
  deps: SealingDeps,
  row: SnapshotRow,
  index: number,
  { after: previous, sliceMs }: Cursor,
): Promise<QueriedBatch> {
  const key = chunkKey(row.snapshotId, index);
  const { versionId, body, records } = await readStoredChunk(deps.store, key, row);
  let after: Position | undefined;
  let count = 0;
  for await (const { position } of records) {
    if (count === 0 && previous !== null && comparePositions(previous, position) >= 0)
      throw new SnapshotError('SNAPSHOT_CONFLICT', `chunk starts before the previous one ends [key=${key}]`);
    after = position;
    count++;
  }
  if (!after) throw new SnapshotError('SNAPSHOT_CONFLICT', `chunk without records [key=${key}]`);
  const cursor = listedCursor({ after, sliceMs });
  // A chunk does not tell whether the window holds more records, so the next query finds out.
  return { chunk: chunkOf(index, key, versionId, count, body), cursor, exhausted: false };
}

function chunkOf(index: number, key: string, versionId: string, count: number, body: Buffer): StoredChunk {
  return { index, key, versionId, count, sizeBytes: body.length, sha256: sha256Hex(body) };
}
