import type { Cursor, Position } from '../contract/activities';
import { boundsOf } from '../contract/window';
import { SnapshotError } from '../errors';
import type { ChunkPacker } from '../evidence/chunkPacker';
import { readRecord, type RecordView } from '../evidence/recordBytes';
import { listedId } from '../evidence/recordIds';
import { comparePositions, positionOf } from '../evidence/recordOrder';
import type { LogSlice, RecordSource } from '../ports/recordSource';
import type { SnapshotRow } from '../ports/snapshotRepository';
import type { SealedRecords } from './sealedRecords';

/** Target number of records in a slice: a page that is bounded on both sides costs the same however long the log is. */
const RECORDS_PER_SLICE = 8_192;
const SLICE_GROWTH = 8;

/** What a batch is read from and appended to. */
export interface BatchTarget {
  readonly source: RecordSource;
  readonly chunk: Pick<ChunkPacker, 'append' | 'count' | 'sizeBytes'>;
  readonly row: Pick<SnapshotRow, 'source' | 'window' | 'chunkLimits'>;
  readonly signal: AbortSignal;
  /** Earlier snapshots of the same log time; undefined when there are none. */
  readonly sealed?: Pick<SealedRecords, 'has'> | undefined;
}

export interface Batch {
  /** After the last record, with the slice width that fits the density of the log there. */
  readonly cursor: Cursor;
  /** True when the window holds no record after the batch. */
  readonly exhausted: boolean;
}

/**
 * Reads the window from the cursor on, in slices of log time, and appends records to the chunk until its limits are
 * reached. `onSlice` gets the number of records in the chunk after each slice. DATABASE_*.
 */
export async function collectBatch(
  target: BatchTarget,
  cursor: Cursor,
  onSlice: (records: number) => void,
): Promise<Batch> {
  const { chunk, row } = target;
  const { fromMs: startMs, untilMs: endMs } = boundsOf(row.window);
  let { after, sliceMs } = cursor;
  let fromMs = after === null ? startMs : Date.parse(after.timestamp);
  let strays = 0;

  while (fromMs < endMs) {
    const untilMs = Math.min(endMs, fromMs + sliceMs);
    const inSlice = after !== null && Date.parse(after.timestamp) >= fromMs;
    const slice: LogSlice = { fromMs, untilMs, after: inSlice ? after : null };
    const limit = row.chunkLimits.maxRecords - chunk.count + strays;
    const scanned = await appendSlice(target, slice, limit, after);
    after = scanned.last ?? after;
    if (scanned.full) return { cursor: { after, sliceMs }, exhausted: false };
    onSlice(chunk.count);

    // Strays may have used up the limit before the end of the slice: its rest is read again, with room for them.
    if (scanned.seen >= limit) {
      strays = scanned.strays;
      continue;
    }
    strays = 0;
    fromMs = untilMs;
    sliceMs = fitSlice(sliceMs, scanned.seen);
  }
  return { cursor: { after, sliceMs }, exhausted: true };
}

interface ScannedSlice {
  readonly seen: number;
  /** Records that the query returns although they are not in the slice, or are sealed already. */
  readonly strays: number;
  /** The last record that was appended; null when there was none. */
  readonly last: Position | null;
  /** True when the chunk has no room for the next record. */
  readonly full: boolean;
}

/**
 * Appends the records of one slice that come after `previous`. A record whose time is not a date in the slice (an array of
 * dates matches the query too) is in no window and is left alone.
 */
async function appendSlice(
  { source, chunk, row, signal, sealed }: BatchTarget,
  slice: LogSlice,
  limit: number,
  previous: Position | null,
): Promise<ScannedSlice> {
  const { chunkLimits } = row;
  let seen = 0;
  let strays = 0;
  let last: Position | null = null;
  for await (const raw of source.scan(slice, limit, signal)) {
    seen++;
    const record = readRecord(raw, row.source.members);
    const { bytes } = record;
    const position = positionOf(record, slice);
    if (
      !position ||
      !isNext(record, position, last ?? previous) ||
      (sealed && (await sealed.has(position)))
    ) {
      strays++;
      continue;
    }
    if (chunk.count > 0 && chunk.sizeBytes + bytes.length > chunkLimits.maxBytes)
      return { seen, strays, last, full: true };
    const appended = chunk.append(bytes);
    if (appended) await appended;
    last = position;
    if (chunk.count === chunkLimits.maxRecords) return { seen, strays, last, full: true };
  }
  return { seen, strays, last, full: false };
}

/**
 * False for a record that repeats the member of its time and is returned where another one of them belongs. Any other
 * record out of order is DATABASE_FAILED: what a verifier would refuse must not be sealed.
 */
function isNext(record: RecordView, position: Position, previous: Position | null): boolean {
  if (previous === null || comparePositions(previous, position) < 0) return true;
  if (record.timeMembers > 1) return false;
  const message = `the database returns record ${listedId(record.id)} after one that belongs after it; records of one instant must be sorted by _id without a collation`;
  throw new SnapshotError('DATABASE_FAILED', message);
}

function fitSlice(sliceMs: number, seen: number): number {
  const factor = seen === 0 ? SLICE_GROWTH : RECORDS_PER_SLICE / seen;
  return Math.max(1, Math.round(sliceMs * Math.min(SLICE_GROWTH, Math.max(1 / SLICE_GROWTH, factor))));
}
