import type { mongo } from 'mongoose';
import type { Position } from '../contract/activities';
import type { LogSlice } from '../ports/recordSource';
import { laterGroups, sameGroup } from './idOrder';
import { decodeRecordId, typeOf } from './recordId';

type Filter = mongo.Document;

/** One query of a slice. */
export interface LogPage {
  readonly filter: Filter;
  /** Set where no filter can say "behind this id": the page then begins behind the record with it. */
  readonly behindId?: string;
}

const MIN_KEY = 0xff;
const UNSEALED = { immutable: false };

/**
 * The queries of a slice, in the order `(timestamp, _id)`, each bounded on both sides, so the length of the log costs
 * nothing: what shares the millisecond of `after`, then the rest. `lastTie` is the id of the last record that shares it.
 */
export function pagesOf({ fromMs, untilMs, after }: LogSlice, lastTie: string | undefined): LogPage[] {
  const until = new Date(untilMs);
  if (after === null) return [{ filter: { ...UNSEALED, timestamp: { $gte: new Date(fromMs), $lt: until } } }];
  const rest = { ...UNSEALED, timestamp: { $gt: new Date(after.timestamp), $lt: until } };
  return [...tiesBehind(after, lastTie), { filter: rest }];
}

/** The records of one millisecond. */
export function tiesOf({ timestamp }: Position): Filter {
  return { ...UNSEALED, timestamp: new Date(timestamp) };
}

/**
 * Comparison operators stay within one group of types, so ids of later types are asked for by type; that no index bounds
 * everywhere, so it is asked only where the last id of the millisecond says that there are any.
 */
function tiesBehind(after: Position, lastTie: string | undefined): LogPage[] {
  if (lastTie === undefined || lastTie === after.id) return [];
  const tie = tiesOf(after);
  const later = laterGroups(typeOf(after.id));
  const same = sameGroupBehind(tie, after.id);
  return later.includes(typeOf(lastTie)) ? [same, { filter: { ...tie, _id: { $type: later } } }] : [same];
}

function sameGroupBehind(tie: Filter, id: string): LogPage {
  const value = decodeRecordId(id);
  const comparable = { $type: sameGroup(typeOf(id)) };
  // Nothing is greater than NaN for the server, though it sorts in front of every other number.
  if (isNaNValue(value)) return { filter: { ...tie, _id: { ...comparable, $ne: value } } };
  if (value === undefined) return { filter: { ...tie, _id: comparable }, behindId: id };
  // Min key is less than every type for `$gt`, so the types are named there; elsewhere that would keep the index unused.
  return { filter: { ...tie, _id: typeOf(id) === MIN_KEY ? { ...comparable, $gt: value } : { $gt: value } } };
}

function isNaNValue(value: unknown): boolean {
  const type = (value as { _bsontype?: string } | null | undefined)?._bsontype;
  return (type === 'Double' || type === 'Decimal128') && String(value) === 'NaN';
}
