import type { Position, StoredChunk } from '../contract/activities';
import { boundsOf, type Window } from '../contract/window';
import { splitBlocks, visitRecords } from '../evidence/bsonStream';
import { unpackBlocks } from '../evidence/chunk';
import { MAX_CHUNK_BYTES } from '../evidence/limits';
import type { RecordMembers } from '../evidence/recordMembers';
import { readRecord, type RecordView } from '../evidence/recordBytes';
import { listedId } from '../evidence/recordIds';
import { RecordOrder, comparePositions, positionOf } from '../evidence/recordOrder';
import { RecordScanner } from '../evidence/recordScanner';
import { sha256Hex } from '../tlog/sha256';
import { SnapshotError } from '../errors';
import type { ObjectStore } from '../ports/objectStore';

/** A record of a chunk with its position in the log. */
interface PositionedRecord extends RecordView {
  readonly position: Position;
}

/** A chunk as storage returns it. Its content can be read once or several times. */
export interface ReadChunk {
  readonly versionId: string;
  /** The bytes as stored. */
  readonly body: Buffer;
  /** The records in order. */
  readonly records: AsyncIterable<PositionedRecord>;
  /**
   * Visits the records in order and in place, several times as fast. `onBlock` is called between blocks of at most some
   * thousand records, and may yield to other work.
   */
  visit(onRecord: (record: RecordScanner) => void, onBlock: () => Promise<void>): Promise<void>;
}

/** Of the snapshot of a chunk: its window, and the names of the members of its records. */
interface ChunkContent {
  readonly window: Window;
  readonly source: { readonly members: RecordMembers };
}

/**
 * Reads a chunk back from storage. A record out of order or outside the window is SNAPSHOT_CONFLICT. With `expected`, storage must return exactly that version and those bytes; anything else is STORAGE_CONFLICT before it is unpacked.
 * STORAGE_NOT_FOUND when the chunk is gone.
 */
export async function readStoredChunk(
  store: ObjectStore,
  key: string,
  { window, source }: ChunkContent,
  expected?: StoredChunk,
): Promise<ReadChunk> {
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
    visit: async (onRecord, onBlock) => {
      const record = new RecordScanner(source.members);
      const order = new RecordOrder(boundsOf(window));
      await visitRecords(withTurns(unpackBlocks(body), onBlock), (bytes, start, end) => {
        if (!order.accepts(record.scan(bytes, start, end))) throw outOfPlace(record.idText(), key);
        onRecord(record);
        return true;
      });
    },
  };
}

async function* withTurns(
  blocks: AsyncIterable<Buffer>,
  onBlock: () => Promise<void>,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const block of blocks) {
    yield block;
    await onBlock();
  }
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
    if (!position || (previous && comparePositions(previous, position) >= 0)) throw outOfPlace(view.id, key);
    previous = position;
    yield { ...view, position };
  }
}

function outOfPlace(id: string, key: string): SnapshotError {
  const message = `stored record ${listedId(id)} is out of order or outside the window [key=${key}]`;
  return new SnapshotError('SNAPSHOT_CONFLICT', message);
}
