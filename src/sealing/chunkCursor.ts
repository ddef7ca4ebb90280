import type { Cursor, Position } from '../contract/activities';
import { SnapshotError } from '../errors';
import { chunkKey } from '../evidence/objectKeys';
import { isIdDigest, listedId } from '../evidence/recordIds';
import { listedPosition } from '../evidence/recordOrder';
import type { ObjectStore } from '../ports/objectStore';
import type { SnapshotRow } from '../ports/snapshotRepository';
import { readStoredChunk } from './storedChunk';

/** A cursor as histories and rows hold it: a few hundred bytes, whatever the id of its record is. */
export function listedCursor({ after, sliceMs }: Cursor): Cursor {
  return { after: after && listedPosition(after), sliceMs };
}

/**
 * The position after which chunk `index` begins, with its full id. A long id is read from the last record of the chunk
 * before: that object is written once, so every attempt reads the same id. STORAGE_*, SNAPSHOT_CONFLICT.
 */
export async function startOfChunk(
  store: ObjectStore,
  row: Pick<SnapshotRow, 'snapshotId' | 'source' | 'window'>,
  index: number,
  { after }: Cursor,
): Promise<Position | null> {
  if (after === null || !isIdDigest(after.id)) return after;
  const key = chunkKey(row.snapshotId, index - 1);
  const { records } = await readStoredChunk(store, key, row);
  let last: Position | undefined;
  for await (const { position } of records) last = position;
  if (last?.timestamp === after.timestamp && listedId(last.id) === after.id) return last;
  const message = `the chunk before chunk ${index} does not end with the record that its cursor names [key=${key}, record=${after.id}]`;
  throw new SnapshotError('SNAPSHOT_CONFLICT', message);
}
