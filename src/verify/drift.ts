import { bsonElements } from '../evidence/bsonElements';
import { readRecord } from '../evidence/recordBytes';

/** How the live log may differ from what was sealed; docs/format.md has nothing of it, since it is no evidence. */
export const DRIFT_KINDS = [
  // a sealed record is gone, has other bytes, or lost its mark
  'deleted',
  'altered',
  'unmarked',
  'marked-otherwise',
  // a record is marked as sealed that no snapshot holds, or appeared in a sealed window long after
  'planted',
  'backdated',
  // the sealed side itself is gone or has other bytes
  'evidence',
] as const;
export type DriftKind = (typeof DRIFT_KINDS)[number];

/** One difference, by reference: no content of a record. */
export interface Drift {
  readonly kind: DriftKind;
  readonly snapshotId: string;
  /** Empty for `evidence`, where `object` names the key. */
  readonly recordId: string;
  /** Of the sealed record; of a record that is not sealed, the chunk whose log time it stands in. */
  readonly chunk: number | null;
  /** Place in the snapshot; null for a record that is not sealed. */
  readonly index: number | null;
  readonly object?: string;
}

export interface SealedRecord {
  readonly id: string;
  readonly bytes: Buffer;
  readonly chunk: number;
  readonly index: number;
}

export interface LiveMark {
  readonly immutable: boolean | undefined;
  readonly snapshotId: string | undefined;
}

/** What a live record says of its own sealing. */
export function readMark(document: Buffer): LiveMark {
  let immutable: boolean | undefined;
  let snapshotId: string | undefined;
  for (const { name, type, valueStart, end } of bsonElements(document)) {
    if (name === 'immutable' && type === 0x08) immutable = document[valueStart] === 1;
    if (name === 'snapshotId' && type === 0x02)
      snapshotId = document.toString('utf8', valueStart + 4, end - 1);
  }
  return { immutable, snapshotId };
}

/** What is wrong with the live copy of a sealed record; `undefined` stands for one that is gone. */
export function compareRecord(sealed: SealedRecord, snapshotId: string, live: Buffer | undefined): Drift[] {
  const { id: recordId, chunk, index } = sealed;
  const drift = (kind: DriftKind): Drift => ({ kind, snapshotId, recordId, chunk, index });
  if (live === undefined) return [drift('deleted')];
  const found: Drift[] = [];
  if (!readRecord(live).bytes.equals(sealed.bytes)) found.push(drift('altered'));
  const mark = readMark(live);
  if (mark.immutable !== true) found.push(drift('unmarked'));
  else if (mark.snapshotId !== snapshotId) found.push(drift('marked-otherwise'));
  return found;
}

/**
 * Meets the sealed records of a snapshot with the live ones that are marked as its own. Both come in nearly the same
 * order, so little is kept: a record that was deleted or planted shifts one side against the other and no more.
 */
export class DriftMatcher {
  readonly #snapshotId: string;
  readonly #sealed = new Map<string, SealedRecord>();
  readonly #live = new Map<string, { readonly document: Buffer; readonly chunk: number }>();

  constructor(snapshotId: string) {
    this.#snapshotId = snapshotId;
  }

  addSealed(record: SealedRecord): Drift[] {
    const live = this.#live.get(record.id);
    if (!live) {
      this.#sealed.set(record.id, record);
      return [];
    }
    this.#live.delete(record.id);
    return compareRecord(record, this.#snapshotId, live.document);
  }

  addLive(document: Buffer, chunk: number): Drift[] {
    const { id } = readRecord(document);
    const sealed = this.#sealed.get(id);
    if (!sealed) {
      this.#live.set(id, { document, chunk });
      return [];
    }
    this.#sealed.delete(id);
    return compareRecord(sealed, this.#snapshotId, document);
  }

  /** Sealed records that no live one met; they are elsewhere in the log, or gone. */
  takeUnmatched(): SealedRecord[] {
    const unmet = [...this.#sealed.values()];
    this.#sealed.clear();
    return unmet;
  }

  /** Live records that claim to be sealed by this snapshot, and are not in it. */
  planted(): Drift[] {
    return [...this.#live].map(([recordId, { chunk }]) => ({
      kind: 'planted' as const,
      snapshotId: this.#snapshotId,
      recordId,
      chunk,
      index: null,
    }));
  }
}
