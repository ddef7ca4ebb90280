import { recordHash, type RecordView } from './recordBytes';
import type { RecordMembers } from './recordMembers';
import type { RecordScanner } from './recordScanner';

/** What may be wrong with the hash that a record carries; docs/format.md, "Record hash". */
export const FINDING_KINDS = ['hash-mismatch', 'hash-missing', 'hash-repeated'] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];
export type HashScheme = 'bson-sha256/v1' | 'opaque';
export type FindingCounts = Record<FindingKind, number>;

/** Compares a record with the hash it carries; undefined when they match. Under `opaque` its value is not checked. */
export function findingOf(
  record: RecordView,
  scheme: HashScheme,
  members?: RecordMembers,
): FindingKind | undefined {
  if (record.hashMembers > 1) return 'hash-repeated';
  if (record.hashText === undefined) return 'hash-missing';
  if (scheme === 'opaque' || record.hashText.toString('latin1') === recordHash(record.bytes, members))
    return undefined;
  return 'hash-mismatch';
}

/** The same for a record that was scanned in place. */
export function findingOfScanned(record: RecordScanner, scheme: HashScheme): FindingKind | undefined {
  if (record.hashMembers > 1) return 'hash-repeated';
  if (record.hashStart < 0) return 'hash-missing';
  return scheme === 'opaque' || record.hasOwnHash() ? undefined : 'hash-mismatch';
}

/** A count of zero for each kind of finding. */
export function noFindings(): FindingCounts {
  return { 'hash-mismatch': 0, 'hash-missing': 0, 'hash-repeated': 0 };
}

/** How many findings there are, of any kind. */
export function totalFindings(counts: Readonly<FindingCounts>): number {
  return FINDING_KINDS.reduce((total, kind) => total + counts[kind], 0);
}
