import { readRecord } from '../evidence/recordBytes';
import { compareRecord, type Drift, type SealedRecord } from './drift';

/**
 * Matches the sealed records of a snapshot with the live ones that are marked as its own. Both arrive in nearly the same
 * order, so few are in memory at a time: a deleted or planted record only shifts one side against the other.
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

  /** `chunk` is the index of the chunk that covers the log time of the live record. */
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

  /** Sealed records without a live one so far, which are then forgotten: they are elsewhere in the log, or deleted. */
  takeUnmatched(): SealedRecord[] {
    const unmatched = [...this.#sealed.values()];
    this.#sealed.clear();
    return unmatched;
  }

  /** Live records that are marked as sealed by this snapshot and are not in it. */
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
