import type { Cursor, QueriedBatch, QueryBatchInput, StoredChunk } from '../src/contract/activities';
import { ChunkPacker } from '../src/evidence/chunkPacker';
import { chunkKey } from '../src/evidence/objectKeys';
import { sha256Hex } from '../src/tlog/sha256';
import { SnapshotError } from '../src/errors';
import type { SnapshotRow } from '../src/ports/snapshotRepository';
import { collectBatch } from '../src/sealing/collectBatch';
import type { SealingDeps } from '../src/sealing/deps';
import { withHeartbeat } from '../src/temporal/heartbeat';
import { findOpened } from '../src/sealing/snapshotRows';
import { readStoredChunk, type PlacedRecord } from '../src/sealing/storedChunk';

/**
 * Queries the next records of the window and stores them as one chunk. When the chunk is stored already, that one is
 * adopted, whatever the query gave: its content decides count and cursor, so every attempt goes on from the same bytes.
 */
export function queryBatch(deps: SealingDeps, input: QueryBatchInput): Promise<QueriedBatch> {
  return withHeartbeat(async (signal, note) => {
    const { snapshotId, index, cursor } = input;
    const row = await findOpened(deps, snapshotId);
    const packer = new ChunkPacker();
    const onSlice = (records: number) => note({ index, records });
    const batch = await collectBatch(deps.records, packer, row, cursor, signal, onSlice);
    if (packer.count === 0) return { chunk: null, cursor: batch.cursor, exhausted: true };

    const key = chunkKey(snapshotId, index);
    const body = await packer.finish();
    signal.throwIfAborted();
    const holdUntil = new Date(deps.clock.nowMs() + deps.settings.holdMs);
    const put = await deps.store.putOnce(key, body, holdUntil);
    if (!put) return adopt(deps, row, input);
    const chunk = describe(index, key, put.versionId, packer.count, body);
    return { chunk, cursor: batch.cursor, exhausted: batch.exhausted };
  });
}

async function adopt(
  deps: SealingDeps,
  { snapshotId, window }: SnapshotRow,
  { index, cursor }: QueryBatchInput,
): Promise<QueriedBatch> {
  const key = chunkKey(snapshotId, index);
  const { versionId, body, records } = await readStoredChunk(deps.store, key, window);
  let last: PlacedRecord | undefined;
  let count = 0;
  for await (last of records) count++;
  if (!last) throw new SnapshotError('SNAPSHOT_CONFLICT', `chunk without records [key=${key}]`);
  const behind: Cursor = { after: last.position, sliceMs: cursor.sliceMs };
  // Whether the window holds more is not written in a chunk, so the next query finds out.
  return { chunk: describe(index, key, versionId, count, body), cursor: behind, exhausted: false };
}

function describe(index: number, key: string, versionId: string, count: number, body: Buffer): StoredChunk {
  return { index, key, versionId, count, sizeBytes: body.length, sha256: sha256Hex(body) };
}
