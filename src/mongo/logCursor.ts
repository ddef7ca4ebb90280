import type { mongo } from 'mongoose';
import type { Position } from '../contract/activities';
import { readRecord } from '../evidence/recordBytes';
import type { RecordMembers } from '../evidence/recordMembers';
import { onDatabase, toDatabaseError } from './errors';
import { tiesOf, type LogPage } from './logPages';
import { indexBounds } from './multikeyBounds';

const SCAN_BATCH = 4_096;

/** The records of a page as raw BSON, in the order of time and id, at most `limit`; 0 means no limit. DATABASE_*. */
export async function* readPage(
  logs: mongo.Collection,
  members: RecordMembers,
  { filter, afterId }: LogPage,
  limit: number,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const cursor = logs.find<Buffer>(filter, {
    ...(await indexBounds(logs, members, filter)),
    raw: true,
    sort: { [members.time]: 1, _id: 1 },
    // Skipped records must not count towards the limit.
    ...(afterId === undefined ? { limit } : {}),
    batchSize: SCAN_BATCH,
    ...(signal ? { signal } : {}),
  });
  let [reached, count] = [afterId === undefined, 0];
  try {
    for await (const record of cursor) {
      signal?.throwIfAborted();
      if (reached) {
        yield record;
        if (++count === limit) return;
      } else reached = readRecord(record).id === afterId;
    }
  } catch (error) {
    throw toDatabaseError('reading the audit log', error);
  } finally {
    await cursor.close();
  }
}

/** Documents as raw BSON in no order, with few of them in memory. DATABASE_*. */
export async function* streamRecords(
  logs: mongo.Collection,
  filter: mongo.Document,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const cursor = logs.find<Buffer>(filter, { raw: true, ...(signal ? { signal } : {}) });
  try {
    for await (const record of cursor) yield record;
  } catch (error) {
    throw toDatabaseError('reading the audit log', error);
  } finally {
    await cursor.close();
  }
}

/** The id that sorts last among the unsealed records of a millisecond; undefined without one. DATABASE_*. */
export async function lastTieOf(
  logs: mongo.Collection,
  members: RecordMembers,
  after: Position,
): Promise<string | undefined> {
  const sort: mongo.Sort = { [members.time]: -1, _id: -1 };
  const options: mongo.FindOptions = { raw: true, sort, limit: 1, projection: { _id: 1 } };
  const [last] = await onDatabase('reading the audit log', () =>
    logs.find<Buffer>(tiesOf(members, after), options).toArray(),
  );
  return last && readRecord(last).id;
}
