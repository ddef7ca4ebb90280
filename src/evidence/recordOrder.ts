import type { Position } from '../contract/activities';
import { formatInstant, type Bounds } from '../contract/window';
import { compareBson } from './bsonOrder';
import type { RecordView } from './recordBytes';
import { idValueOf, listedId } from './recordIds';

const OBJECT_ID_CHARS = 24;

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
