import { MAX_LISTED_FINDINGS } from '../evidence/limits';
import { listedId } from '../evidence/recordIds';
import type { FindingKind } from '../evidence/recordFinding';
import type { Finding } from '../ports/snapshotRepository';

/**
 * Collects the findings of one chunk: records whose own hash is wrong, missing or repeated. Over all chunks of a snapshot
 * only the first findings are listed, so the rows of a snapshot stay small whatever its records are.
 */
export class FindingCollector {
  readonly #maxListed: number;
  readonly #counts: Record<FindingKind, number> = {
    'hash-mismatch': 0,
    'hash-missing': 0,
    'hash-repeated': 0,
  };
  readonly #listed: Finding[] = [];
  #firstTampered: Finding | undefined;

  /** `before` is the number of findings in the earlier chunks of the snapshot. */
  constructor(before: number) {
    this.#maxListed = Math.max(0, MAX_LISTED_FINDINGS - before);
  }

  /** `index` is the record's index in the snapshot, `id` its whole id. */
  add(kind: FindingKind, index: number, id: string): void {
    const finding: Finding = { kind, index, id: listedId(id) };
    this.#counts[kind]++;
    if (this.#listed.length < this.#maxListed) this.#listed.push(finding);
    if (kind !== 'hash-missing') this.#firstTampered ??= finding;
  }

  get counts(): Readonly<Record<FindingKind, number>> {
    return this.#counts;
  }

  get total(): number {
    return Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
  }

  get listed(): readonly Finding[] {
    return this.#listed;
  }

  /** The first record whose content contradicts its hash; a missing hash contradicts nothing. */
  get firstTampered(): Finding | undefined {
    return this.#firstTampered;
  }
}
