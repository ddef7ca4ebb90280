import type { Position } from '../contract/activities';
import { formatInstant, type Bounds } from '../contract/window';
import { malformed } from '../errors';
import { BSON_OBJECT_ID } from './bsonElements';
import { compareBson } from './bsonOrder';
import type { RecordView } from './recordBytes';
import { idValueOf, listedId } from './recordIds';
import type { RecordScanner } from './recordScanner';

const OBJECT_ID_CHARS = 24;
const NO_BYTES = Buffer.alloc(0);

/**
 * Where a record is in a window: at the date of its first member of the time. Undefined when this is not a date in the
 * window; further members of that name do not count, because a database does not read them either.
 */
export function positionOf({ timeMs, id }: RecordView, { fromMs, untilMs }: Bounds): Position | undefined {
  return timeMs !== undefined && timeMs >= fromMs && timeMs < untilMs
    ? { timestamp: formatInstant(timeMs), id }
    : undefined;
}

/** The order of records in a snapshot: by time, then by id as MongoDB sorts ids. EVIDENCE_MALFORMED for a malformed id. */
export function comparePositions(left: Position, right: Position): number {
  if (left.timestamp !== right.timestamp) return left.timestamp < right.timestamp ? -1 : 1;
  return compareIds(left.id, right.id);
}

/** A position as evidence lists it. */
export function listedPosition({ timestamp, id }: Position): Position {
  return { timestamp, id: listedId(id) };
}

function compareIds(left: string, right: string): number {
  if (isObjectId(left) && isObjectId(right)) return left < right ? -1 : Number(left > right);
  return compareBson(idValueOf(left), idValueOf(right));
}

/** `bson:12:` and a value of eight bytes have 24 characters as well. */
function isObjectId(id: string): boolean {
  return id.length === OBJECT_ID_CHARS && id[4] !== ':';
}

/** Checks the order of records that are scanned in place, without a position for each. */
export class RecordOrder {
  readonly #bounds: Bounds;
  /** Of the record before. */
  #ms = Number.NEGATIVE_INFINITY;
  #bytes: Buffer = NO_BYTES;
  #idType = 0;
  #idStart = 0;
  #idEnd = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  /**
   * True when the record lies in the bounds and comes after the one that was accepted before it, as {@link positionOf} and
   * {@link comparePositions} say. EVIDENCE_MALFORMED for a malformed id, or none, at the instant of the record before.
   */
  accepts(record: RecordScanner): boolean {
    const { timeMs } = record;
    const { fromMs, untilMs } = this.#bounds;
    // Without a time this is not a number, and every comparison is false.
    const isInBounds = timeMs >= fromMs && timeMs < untilMs;
    if (!isInBounds || timeMs < this.#ms) return false;
    if (timeMs === this.#ms && this.#compareId(record) >= 0) return false;
    this.#ms = timeMs;
    this.#bytes = record.bytes;
    this.#idType = record.idType;
    this.#idStart = record.idStart;
    this.#idEnd = record.idEnd;
    return true;
  }

  #compareId({ bytes, idType, idStart, idEnd }: RecordScanner): number {
    if (this.#idType === 0 || idType === 0) throw malformed('a record has no id');
    if (this.#idType === BSON_OBJECT_ID && idType === BSON_OBJECT_ID)
      return this.#bytes.compare(bytes, idStart, idEnd, this.#idStart, this.#idEnd);
    return compareBson(
      { type: this.#idType, value: this.#bytes.subarray(this.#idStart, this.#idEnd) },
      { type: idType, value: bytes.subarray(idStart, idEnd) },
    );
  }
}

/** The position of a record that was scanned in place and that {@link RecordOrder} accepts. */
export function positionOfScanned(record: RecordScanner): Position {
  return { timestamp: formatInstant(record.timeMs), id: record.idText() };
}
