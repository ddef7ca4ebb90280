import type { mongo } from 'mongoose';
import type { Position } from '../contract/activities';
import type { LogSlice } from '../ports';
import { laterGroups, sameGroup } from './idOrder';
import { decodeRecordId, typeOf } from './recordId';

type Filter = mongo.Document;

/** One query of a slice. */
export interface LogPage {
  readonly filter: Filter;
  /** Set where no filter can say "behind this id": the page then begins behind the record with it. */
  readonly behindId?: string;
}

const UNSEALED = { immutable: false };

/**
 * The queries of a slice, in the order `(timestamp, _id)`, each bounded on both sides, so the length of the log costs
 * nothing: what shares the millisecond of `after` and its type of id, what shares the millisecond only, and the rest.
 */
export function pagesOf({ fromMs, untilMs, after }: LogSlice): LogPage[] {
  const until = new Date(untilMs);
  if (after === null) return [{ filter: { ...UNSEALED, timestamp: { $gte: new Date(fromMs), $lt: until } } }];
  const timestamp = new Date(after.timestamp);
  return [...tiesBehind(after), { filter: { ...UNSEALED, timestamp: { $gt: timestamp, $lt: until } } }];
}

/** Comparison operators stay within one group of types, so ids of later types are asked for by type. */
function tiesBehind({ timestamp, id }: Position): LogPage[] {
  const tie = { ...UNSEALED, timestamp: new Date(timestamp) };
  const later = laterGroups(typeOf(id));
  const pages = [sameGroupBehind(tie, id)];
  return later.length === 0 ? pages : [...pages, { filter: { ...tie, _id: { $type: later } } }];
}

function sameGroupBehind(tie: Filter, id: string): LogPage {
  const value = decodeRecordId(id);
  const comparable = { $type: sameGroup(typeOf(id)) };
  // Nothing is greater than NaN for the server, though it sorts in front of every other number.
  if (isNaNValue(value)) return { filter: { ...tie, _id: { ...comparable, $ne: value } } };
  if (value === undefined) return { filter: { ...tie, _id: comparable }, behindId: id };
  // Min key is less than every type for `$gt`, so the types are named here too.
  return { filter: { ...tie, _id: { ...comparable, $gt: value } } };
}

function isNaNValue(value: unknown): boolean {
  const type = (value as { _bsontype?: string } | null | undefined)?._bsontype;
  return (type === 'Double' || type === 'Decimal128') && String(value) === 'NaN';
}
