import { BSON_BOOLEAN, BSON_STRING, bsonElements } from '../evidence/bsonElements';
import type { RecordMembers } from '../evidence/recordMembers';

/** How the live log may differ from what was sealed. This is an operator's check: it is not part of the evidence. */
export const DRIFT_KINDS = [
  // A sealed record was deleted, has other bytes, lost its mark, or carries the mark of another snapshot.
  'deleted',
  'altered',
  'unmarked',
  'marked-otherwise',
  // A record is marked as sealed but is in no snapshot, or was inserted into a sealed window long afterwards.
  'planted',
  'backdated',
  // An object of the snapshot itself is missing or has other bytes.
  'evidence',
] as const;
export type DriftKind = (typeof DRIFT_KINDS)[number];

/** One difference, by reference: it holds no content of a record. */
export interface Drift {
  readonly kind: DriftKind;
  /** Empty for a marked record that belongs to the log time of no snapshot. */
  readonly snapshotId: string;
  /** Empty for `evidence`, where `object` names the key. */
  readonly recordId: string;
  /** Index of the chunk that holds the sealed record; of any other record, the chunk that covers its log time. */
  readonly chunk: number | null;
  /** Index in the snapshot; null for a record that is not sealed. */
  readonly index: number | null;
  readonly object?: string;
}

/** A record of a chunk, without its bytes. */
export interface SealedRecord {
  readonly id: string;
  /** Hex SHA-256 of its bytes. */
  readonly digest: string;
  readonly timestamps: readonly number[];
  readonly chunk: number;
  readonly index: number;
}

/** What a live record says about its own sealing. */
export interface SealMark {
  readonly immutable: boolean | undefined;
  readonly snapshotId: string | undefined;
}

/** The mark that sealing left on a live record; a member of another type counts as missing. EVIDENCE_MALFORMED. */
export function readMark(document: Buffer, members: RecordMembers): SealMark {
  let immutable: boolean | undefined;
  let snapshotId: string | undefined;
  for (const { name, type, valueStart, end } of bsonElements(document)) {
    if (name === members.immutable && type === BSON_BOOLEAN) immutable = document[valueStart] === 1;
    if (name === members.snapshotId && type === BSON_STRING)
      snapshotId = document.toString('utf8', valueStart + 4, end - 1);
  }
  return { immutable, snapshotId };
}
