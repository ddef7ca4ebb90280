import type { Cursor, Position } from '../contract/activities';
import type { ChunkPacker } from '../evidence/chunkPacker';
import { readRecord } from '../evidence/recordBytes';
import type { RecordSource } from '../ports/recordSource';
import type { SnapshotRow } from '../ports/snapshotRepository';

export interface Batch {
  /** Behind the last record, with the width of slice that fits the log there. */
  readonly cursor: Cursor;
  /** True when the window holds nothing behind the batch. */
  readonly exhausted: boolean;
}

/** Records a slice of log time aims at: a page that is bounded on both sides costs the same however long the log is. */
const RECORDS_PER_SLICE = 8_192;
const SLICE_GROWTH = 8;

/**
 * Walks the window in slices of log time from the cursor on, appending to `chunk` until its limits are reached. A record without a
 * date-typed `timestamp` in the slice (an array of dates matches the query too) is in no window and is left alone.
 */
export async function collectBatch(
  source: RecordSource,
  chunk: Pick<ChunkPacker, 'append' | 'count' | 'sizeBytes'>,
  { window, chunkLimits }: Pick<SnapshotRow, 'window' | 'chunkLimits'>,
  cursor: Cursor,
  signal: AbortSignal,
  note: (records: number) => void,
): Promise<Batch> {
  const endMs = Date.parse(window.to) + 1;
  let { sliceMs } = cursor;
  let last = cursor.after;
  let fromMs = last === null ? Date.parse(window.from) : Date.parse(last.timestamp);
  let strays = 0;
  const stopBehind = (after: Position | null): Batch => ({ cursor: { after, sliceMs }, exhausted: false });

  while (fromMs < endMs) {
    const untilMs = Math.min(endMs, fromMs + sliceMs);
    const after = last !== null && Date.parse(last.timestamp) >= fromMs ? last : null;
    const limit = chunkLimits.maxRecords - chunk.count + strays;
    let seen = 0;
    strays = 0;
    for await (const raw of source.scan({ fromMs, untilMs, after }, limit, signal)) {
      seen++;
      const { bytes, id, timestamps } = readRecord(raw);
      const timestampMs = timestamps.find((ms) => ms >= fromMs && ms < untilMs);
      // The cursor's own record can come again when it repeats its `timestamp` member; it is sealed already.
      if (timestampMs === undefined || id === cursor.after?.id) {
        strays++;
        continue;
      }
      if (chunk.count > 0 && chunk.sizeBytes + bytes.length > chunkLimits.maxBytes) return stopBehind(last);
      await chunk.append(bytes);
      last = positionAt(timestampMs, id);
      if (chunk.count === chunkLimits.maxRecords) return stopBehind(last);
    }
    note(chunk.count);
    // The limit may have been used up by strays; then the slice is not through yet and is read again with more room.
    if (seen >= limit) continue;
    strays = 0;
    fromMs = untilMs;
    sliceMs = fitSlice(sliceMs, seen);
  }
  return { cursor: { after: last, sliceMs }, exhausted: true };
}

function positionAt(timestampMs: number, id: string): Position {
  return { timestamp: new Date(timestampMs).toISOString(), id };
}

function fitSlice(sliceMs: number, seen: number): number {
  const factor = seen === 0 ? SLICE_GROWTH : RECORDS_PER_SLICE / seen;
  return Math.max(1, Math.round(sliceMs * Math.min(SLICE_GROWTH, Math.max(1 / SLICE_GROWTH, factor))));
}
