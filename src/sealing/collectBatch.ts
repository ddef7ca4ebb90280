import type { Cursor, Position } from '../contract/activities';
import { boundsOf, formatInstant } from '../contract/window';
import type { ChunkPacker } from '../evidence/chunkPacker';
import { readRecord } from '../evidence/recordBytes';
import type { LogSlice, RecordSource } from '../ports/recordSource';
import type { SnapshotRow } from '../ports/snapshotRepository';

/** Target number of records in a slice: a page that is bounded on both sides costs the same however long the log is. */
const RECORDS_PER_SLICE = 8_192;
const SLICE_GROWTH = 8;

/** What a batch is read from and appended to. */
export interface BatchTarget {
  readonly source: RecordSource;
  readonly chunk: Pick<ChunkPacker, 'append' | 'count' | 'sizeBytes'>;
  readonly row: Pick<SnapshotRow, 'window' | 'chunkLimits'>;
  readonly signal: AbortSignal;
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
    const scanned = await appendSlice(target, slice, limit, cursor.after?.id);
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
 * Appends the records of one slice. A record without a date as its `timestamp` in the slice (an array of dates matches
 * the query too) is in no window and is left alone. The cursor's own record, `resumedAfter`, is returned again when it
 * repeats its `timestamp` member; it is sealed already.
 */
async function appendSlice(
  { source, chunk, row: { chunkLimits }, signal }: BatchTarget,
  slice: LogSlice,
  limit: number,
  resumedAfter: string | undefined,
): Promise<ScannedSlice> {
  let seen = 0;
  let strays = 0;
  let last: Position | null = null;
  for await (const raw of source.scan(slice, limit, signal)) {
    seen++;
    const { bytes, id, timestamps } = readRecord(raw);
    const timestampMs = timestamps.find((ms) => ms >= slice.fromMs && ms < slice.untilMs);
    if (timestampMs === undefined || id === resumedAfter) {
      strays++;
      continue;
    }
    if (chunk.count > 0 && chunk.sizeBytes + bytes.length > chunkLimits.maxBytes)
      return { seen, strays, last, full: true };
    await chunk.append(bytes);
    last = { timestamp: formatInstant(timestampMs), id };
    if (chunk.count === chunkLimits.maxRecords) return { seen, strays, last, full: true };
  }
  return { seen, strays, last, full: false };
}

function fitSlice(sliceMs: number, seen: number): number {
  const factor = seen === 0 ? SLICE_GROWTH : RECORDS_PER_SLICE / seen;
  return Math.max(1, Math.round(sliceMs * Math.min(SLICE_GROWTH, Math.max(1 / SLICE_GROWTH, factor))));
}
