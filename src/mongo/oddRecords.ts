import type { mongo } from 'mongoose';
import { cutRecord, readRecord } from '../evidence/recordBytes';
import type { RecordMembers } from '../evidence/recordMembers';
import { decodeRecordId } from './recordId';

/** MongoDB stores no document beyond this size. */
const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/** `$type` codes of everything except arrays, booleans, null and dates: each is a range of an index. */
const OTHER_TYPES = [1, 2, 3, 5, 6, 7, 11, 12, 13, 14, 15, 16, 17, 18, 19, -1, 127];
const DATE_TYPE = 9;
const BOOLEAN_TYPE = 8;
const ARRAY_TYPE = 4;

/**
 * Filters of the records whose mark is not one that sealing writes. Most are ranges of the index in which nothing is as
 * long as nobody forged a mark; arrays cost one pass over the index, because their elements are what it holds.
 */
export function oddMarkFilters({ immutable, time }: RecordMembers): readonly mongo.Document[] {
  return [
    { [immutable]: { $type: [...OTHER_TYPES, DATE_TYPE] } },
    { [immutable]: { $type: ARRAY_TYPE } },
    { [immutable]: true, [time]: null },
    { [immutable]: true, [time]: { $type: [...OTHER_TYPES, BOOLEAN_TYPE] } },
    { [immutable]: true, [time]: { $type: ARRAY_TYPE } },
  ];
}

/** False for a record that no update can mark: beyond the size limit with its mark, or with an id that the driver cannot represent. */
export function isMarkable(document: Uint8Array, snapshotId: string, members: RecordMembers): boolean {
  const markedBytes =
    cutRecord(document, members).length + markBytes(members) + Buffer.byteLength(snapshotId);
  return markedBytes <= MAX_DOCUMENT_BYTES && decodeRecordId(readRecord(document, members).id) !== undefined;
}

/** Type, name and terminator of both members of the mark, the boolean, and length and terminator of the snapshot id. */
function markBytes({ immutable, snapshotId }: RecordMembers): number {
  return 1 + immutable.length + 1 + 1 + (1 + snapshotId.length + 1 + 4 + 1);
}
