import type { mongo } from 'mongoose';
import type { Position } from '../contract/activities';
import type { RecordMembers, RecordSourceNames } from '../evidence/recordMembers';
import type { LogSlice } from '../ports/recordSource';
import { laterGroups, sameGroup } from './idOrder';
import { decodeRecordId, typeOf } from './recordId';

type Filter = mongo.Document;

/** The mark of a record that can be sealed: false, or null for one that has none. */
export type UnsealedMark = false | null;

/** The marks of the records that are sealed; each is a range of the index. */
export function unsealedMarks({ eligible }: Pick<RecordSourceNames, 'eligible'>): readonly UnsealedMark[] {
  return eligible === 'unmarked' ? [false, null] : [false];
}

/**
 * The condition on the mark of unsealed records. A record without a mark that has the other member of it is left out: that
 * member is not one of sealing, and would be lost.
 */
export function unsealedBy({ immutable, snapshotId }: RecordMembers, mark: UnsealedMark): Filter {
  return mark === null ? { [immutable]: null, [snapshotId]: null } : { [immutable]: mark };
}

/** One query of a slice. */
export interface LogPage {
  readonly filter: Filter;
  /** Set where no filter can express "after this id": the page then begins after the record with it. */
  readonly afterId?: string;
}

const MIN_KEY = 0xff;

/**
 * The queries of a slice, in the order `(timestamp, _id)`: records of the same millisecond as `after`, then the rest.
 * Each is bounded on both sides, so the cost does not depend on the length of the log. `lastTie` is the id of the last
 * record of that millisecond.
 */
export function pagesOf(
  members: RecordMembers,
  { fromMs, untilMs, after }: LogSlice,
  mark: UnsealedMark,
  lastTie: string | undefined,
): LogPage[] {
  const unsealed = unsealedBy(members, mark);
  if (after === null) return [{ filter: { ...unsealed, ...between(members, fromMs, untilMs) } }];
  const rest = { $gt: new Date(after.timestamp), $lt: new Date(untilMs) };
  const ties = tiesAfter(tiesOf(members, after, mark), after, lastTie);
  return [...ties, { filter: { ...unsealed, [members.time]: rest } }];
}

/** The condition on log time `[fromMs, untilMs)`. */
export function between({ time }: Pick<RecordMembers, 'time'>, fromMs: number, untilMs: number): Filter {
  return { [time]: { $gte: new Date(fromMs), $lt: new Date(untilMs) } };
}

/** The unsealed records of one millisecond. */
export function tiesOf(members: RecordMembers, { timestamp }: Position, mark: UnsealedMark): Filter {
  return { ...unsealedBy(members, mark), [members.time]: new Date(timestamp) };
}

/**
 * Comparison operators stay within one group of types, so ids of later types are queried by type. Not every server bounds
 * that by the index, so it is done only where the last id of the millisecond is of a later type.
 */
function tiesAfter(tie: Filter, after: Position, lastTie: string | undefined): LogPage[] {
  if (lastTie === undefined || lastTie === after.id) return [];
  const later = laterGroups(typeOf(after.id));
  const same = sameGroupAfter(tie, after.id);
  return later.includes(typeOf(lastTie)) ? [same, { filter: { ...tie, _id: { $type: later } } }] : [same];
}

function sameGroupAfter(tie: Filter, id: string): LogPage {
  const value = decodeRecordId(id);
  const comparable = { $type: sameGroup(typeOf(id)) };
  // Nothing is greater than NaN for the server, although NaN sorts before every other number.
  if (isNaNValue(value)) return { filter: { ...tie, _id: { ...comparable, $ne: value } } };
  if (value === undefined) return { filter: { ...tie, _id: comparable }, afterId: id };
  // `$gt` of min key matches every type, so the types are named for it; for other ids that would leave the index unused.
  return { filter: { ...tie, _id: typeOf(id) === MIN_KEY ? { ...comparable, $gt: value } : { $gt: value } } };
}

function isNaNValue(value: unknown): boolean {
  const type = (value as { _bsontype?: string } | null | undefined)?._bsontype;
  return (type === 'Double' || type === 'Decimal128') && String(value) === 'NaN';
}
