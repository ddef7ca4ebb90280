import { listedId } from '../evidence/recordIds';
import { DRIFT_KINDS, type Drift, type DriftKind } from './drift';

/** Drifts that are listed; all are counted. */
const MAX_LISTED_DRIFTS = 1_000;

/** Records that differ from what was sealed although nobody did anything wrong; they are counted and not accused. */
interface InnocentCounts {
  /** Unsealed records in sealed windows that arrived within the allowance: the next snapshot takes them. */
  readonly late: number;
  /** Sealed, and not marked yet: the job of their snapshot is still marking. */
  readonly marking: number;
  /** Sealed, and impossible to mark: at the size limit, or with an id that no query can express. */
  readonly unmarkable: number;
  /** Sealed, older than the retention of the live log, and not in it any more. */
  readonly removed: number;
}

/** What a comparison found. */
export interface DriftResult extends InnocentCounts {
  readonly snapshots: number;
  readonly records: number;
  readonly counts: Readonly<Record<DriftKind, number>>;
  readonly drifts: readonly Drift[];
  /** What was seen and is no drift, one sentence each. */
  readonly notes: readonly string[];
}

/** Counts what a comparison finds. */
export class DriftTally {
  snapshots = 0;
  records = 0;
  late = 0;
  marking = 0;
  unmarkable = 0;
  removed = 0;
  readonly #counts = Object.fromEntries(DRIFT_KINDS.map((kind) => [kind, 0])) as Record<DriftKind, number>;
  readonly #drifts: Drift[] = [];
  readonly #notes: string[] = [];

  add(drift: Drift): void {
    this.#counts[drift.kind]++;
    if (this.#drifts.length < MAX_LISTED_DRIFTS)
      this.#drifts.push({ ...drift, recordId: listedId(drift.recordId) });
  }

  note(text: string): void {
    this.#notes.push(text);
  }

  result(): DriftResult {
    const { snapshots, records, late, marking, unmarkable, removed } = this;
    const innocent = { late, marking, unmarkable, removed };
    const found = { counts: this.#counts, drifts: this.#drifts, notes: this.#notes };
    return { snapshots, records, ...innocent, ...found };
  }
}
