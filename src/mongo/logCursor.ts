import type { mongo } from 'mongoose';
import type { Position } from '../contract/activities';
import { readRecord } from '../evidence/recordBytes';
import type { RecordMembers, RecordSourceNames } from '../evidence/recordMembers';
import { comparePositions, positionOf } from '../evidence/recordOrder';
import type { LogSlice } from '../ports/recordSource';
import { onDatabase, toDatabaseError } from './errors';
import { pagesOf, tiesOf, unsealedMarks, type LogPage, type UnsealedMark } from './logPages';
import { indexBounds } from './multikeyBounds';

const SCAN_BATCH = 4_096;

/** The records of a page as raw BSON, in the order of time and id, at most `limit`; 0 means no limit. DATABASE_*. */
export async function* readPage(
  logs: mongo.Collection,
  members: RecordMembers,
  page: LogPage,
  limit: number,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  for await (const records of readBatches(logs, members, page, limit, signal)) yield* records;
}

/** The same in batches, as the server sends them: a step of the reader for each record takes as long as reading it. */
async function* readBatches(
  logs: mongo.Collection,
  members: RecordMembers,
  { filter, afterId }: LogPage,
  limit: number,
  signal?: AbortSignal,
): AsyncGenerator<readonly Buffer[]> {
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
    for (let first = await cursor.next(); first !== null; first = await cursor.next()) {
      signal?.throwIfAborted();
      let records = [first, ...cursor.readBufferedDocuments()];
      if (!reached) {
        const at = records.findIndex((record) => readRecord(record).id === afterId);
        reached = at >= 0;
        records = reached ? records.slice(at + 1) : [];
      }
      if (limit > 0) records = records.slice(0, limit - count);
      count += records.length;
      yield records;
      if (count === limit && limit > 0) return;
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
async function lastTieOf(
  logs: mongo.Collection,
  members: RecordMembers,
  after: Position,
  mark: UnsealedMark,
): Promise<string | undefined> {
  const sort: mongo.Sort = { [members.time]: -1, _id: -1 };
  const options: mongo.FindOptions = { raw: true, sort, limit: 1, projection: { _id: 1 } };
  const [last] = await onDatabase('reading the audit log', () =>
    logs.find<Buffer>(tiesOf(members, after, mark), options).toArray(),
  );
  return last && readRecord(last).id;
}

/** Unsealed records of a slice as raw BSON, in the order of time and id across all of them, at most `limit`. DATABASE_*. */
export async function* scanSlice(
  logs: mongo.Collection,
  source: RecordSourceNames,
  slice: LogSlice,
  limit: number,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const [first, second] = unsealedMarks(source).map((mark) =>
    scanMark(logs, source.members, slice, mark, limit, signal),
  );
  if (!first) return;
  const batches = second === undefined ? first : mergeScans(flat(first), flat(second), source.members, slice);
  let left = limit;
  for await (const records of batches)
    for (const record of records) {
      if (left-- <= 0) return;
      yield record;
    }
}

/** In batches, at most `limit` records. */
async function* scanMark(
  logs: mongo.Collection,
  members: RecordMembers,
  slice: LogSlice,
  mark: UnsealedMark,
  limit: number,
  signal?: AbortSignal,
): AsyncGenerator<readonly Buffer[]> {
  let left = limit;
  const lastTie = slice.after === null ? undefined : await lastTieOf(logs, members, slice.after, mark);
  for (const page of pagesOf(members, slice, mark, lastTie)) {
    if (left <= 0) return;
    for await (const records of readBatches(logs, members, page, left, signal)) {
      yield records;
      left -= records.length;
    }
  }
}

async function* flat(batches: AsyncGenerator<readonly Buffer[]>): AsyncGenerator<Buffer> {
  for await (const records of batches) yield* records;
}

/** Two scans in order as one. A record whose time is not a date in the slice has no place, and comes at once. */
async function* mergeScans(
  left: AsyncGenerator<Buffer>,
  right: AsyncGenerator<Buffer>,
  members: RecordMembers,
  slice: LogSlice,
): AsyncGenerator<readonly Buffer[]> {
  const placeOf = (record: Buffer) => positionOf(readRecord(record, members), slice);
  try {
    let [a, b] = [await left.next(), await right.next()];
    while (a.done !== true && b.done !== true) {
      const [ours, theirs] = [placeOf(a.value), placeOf(b.value)];
      if (theirs !== undefined && (ours === undefined || comparePositions(ours, theirs) < 0)) {
        yield [a.value];
        a = await left.next();
      } else {
        yield [b.value];
        b = await right.next();
      }
    }
    for (; a.done !== true; a = await left.next()) yield [a.value];
    for (; b.done !== true; b = await right.next()) yield [b.value];
  } finally {
    await Promise.all([left.return(undefined), right.return(undefined)]);
  }
}
