import { recordHash, type RecordView } from './recordBytes';

/** What may be wrong with the hash that a record carries; docs/format.md, "Record hash". */
export const FINDING_KINDS = ['hash-mismatch', 'hash-missing', 'hash-repeated'] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];
export type HashScheme = 'bson-sha256/v1' | 'opaque';

/** Checks a record against its own hash; undefined when it fits. Under `opaque` its value is not looked at. */
export function findFault(record: RecordView, scheme: HashScheme): FindingKind | undefined {
  if (record.hashMembers > 1) return 'hash-repeated';
  if (record.hashText === undefined) return 'hash-missing';
  if (scheme === 'opaque' || record.hashText.toString('latin1') === recordHash(record.bytes))
    return undefined;
  return 'hash-mismatch';
}
