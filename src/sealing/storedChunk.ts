import type { Position, StoredChunk } from '../contract/activities';
import { boundsOf, type Window } from '../contract/window';
import { splitBlocks } from '../evidence/bsonStream';
import { unpackBlocks } from '../evidence/chunk';
import { MAX_CHUNK_BYTES } from '../evidence/limits';
import type { RecordMembers } from '../evidence/recordMembers';
import { readRecord, type RecordView } from '../evidence/recordBytes';
import { listedId } from '../evidence/recordIds';
import { comparePositions, positionOf } from '../evidence/recordOrder';
import { sha256Hex } from '../tlog/sha256';
import { SnapshotError } from '../errors';
import type { ObjectStore } from '../ports/objectStore';

/** A record of a chunk with its position in the log. */
export interface PositionedRecord extends RecordView {
  readonly position: Position;
}

/** Of the snapshot of a chunk: its window, and the names of the members of its records. */
interface ChunkContent {
  readonly window: Window;
  readonly source: { readonly members: RecordMembers };
}

/**
 * Reads a chunk back from storage: the bytes as stored, and the records in order with their positions. With `expected`,
 * storage must return exactly that version and those bytes; anything else is STORAGE_CONFLICT before it is unpacked.
 * STORAGE_NOT_FOUND when the chunk is gone.
 */
export async function readStoredChunk(
  store: ObjectStore,
  key: string,
  { window, source }: ChunkContent,
  expected?: StoredChunk,
): Promise<{ versionId: string; body: Buffer; records: AsyncIterable<PositionedRecord> }> {
  const stored = await store.get(key, MAX_CHUNK_BYTES, expected?.versionId);
  if (!stored) throw new SnapshotError('STORAGE_NOT_FOUND', `chunk is gone from storage [key=${key}]`);
  const { versionId, body } = stored;
  const sha256 = sha256Hex(body);
  if (expected !== undefined && sha256 !== expected.sha256) {
    const message = `storage returned other bytes than were stored [key=${key}, expected=${expected.sha256}, found=${sha256}]`;
    throw new SnapshotError('STORAGE_CONFLICT', message);
  }
  return {
    versionId,
    body,
    records: withPositions(splitBlocks(unpackBlocks(body)), window, source.members, key),
  };
}

async function* withPositions(
  documents: AsyncIterable<Uint8Array>,
  window: Window,
  members: RecordMembers,
  key: string,
): AsyncGenerator<PositionedRecord> {
  const bounds = boundsOf(window);
  let previous: Position | undefined;
  for await (const document of documents) {
    const view = readRecord(document, members);
    const position = positionOf(view, bounds);
    if (!position || (previous && comparePositions(previous, position) >= 0)) {
      const message = `stored record ${listedId(view.id)} is out of order or outside the window [key=${key}]`;
      throw new SnapshotError('SNAPSHOT_CONFLICT', message);
    }
    previous = position;
    yield { ...view, position };
  }
}
