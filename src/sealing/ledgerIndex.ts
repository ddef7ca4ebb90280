import { boundsOf, formatInstant, type Window } from '../contract/window';
import type { LedgerEntry } from '../evidence/ledgerEntry';
import {
  HASH_BYTES,
  RangeBuilder,
  emptyRange,
  rangeOfLeaves,
  rootOf,
  type MerkleRange,
} from '../tlog/merkle';

/** An entry of the ledger with its parsed content and its leaf hash. */
export interface IndexedEntry {
  readonly entry: LedgerEntry;
  readonly leaf: Buffer;
}

/** What the index keeps of one entry. */
export interface LedgerPlace {
  readonly index: number;
  readonly snapshotId: string;
  readonly window: Window;
  readonly manifestSha256: string;
}

/** Bytes that the leaves grow by at least. */
const GROWTH_BYTES = 256 * HASH_BYTES;

/**
 * What one process remembers of the published ledger, about 200 bytes for each entry. It is only ever extended, and only by
 * entries that lead to a signed root, so each call reads the new entries alone.
 */
export class LedgerIndex {
  /** Version of the checkpoint that was the largest signed head when this process last read the ledger. */
  knownVersion: string | undefined;
  #range: MerkleRange = emptyRange(0);
  #leaves = Buffer.alloc(0);
  readonly #snapshotIds: string[] = [];
  readonly #bounds: { readonly fromMs: number; readonly toMs: number }[] = [];
  /** Raw bytes as latin1, which take a quarter of the memory of a Buffer. */
  readonly #manifests: string[] = [];
  readonly #indexOf = new Map<string, number>();

  get size(): number {
    return this.#range.end;
  }

  /** The RFC 6962 root of the first `size` entries; undefined when it knows fewer. */
  rootAt(size: number): Buffer | undefined {
    if (size > this.size) return undefined;
    if (size === this.size) return rootOf(this.#range);
    return rootOf(rangeOfLeaves(leavesOf(this.#leaves, size)));
  }

  /** The root of the first `size` entries, which it knows, and further leaves. */
  rootWith(size: number, leaves: readonly Buffer[]): Buffer {
    const known = size === this.size ? this.#range : rangeOfLeaves(leavesOf(this.#leaves, size));
    const range = new RangeBuilder(known);
    for (const leaf of leaves) range.appendLeaf(leaf);
    return rootOf(range.range());
  }

  /**
   * Adds the entries from index `base` on if they lead to `root`; false when they do not. Entries that it has already are
   * skipped: several calls may have read them at once.
   */
  extend(base: number, entries: readonly IndexedEntry[], root: Buffer): boolean {
    const added = entries.slice(Math.max(0, this.size - base));
    if (added.length === 0) return this.rootAt(base + entries.length)?.equals(root) === true;
    const range = new RangeBuilder(this.#range);
    for (const { leaf } of added) range.appendLeaf(leaf);
    if (!rootOf(range.range()).equals(root)) return false;
    this.#addLeaves(added);
    for (const { entry } of added) this.#add(entry);
    this.#range = range.range();
    return true;
  }

  /** Index of the entry of a snapshot. */
  indexOf(snapshotId: string): number | undefined {
    return this.#indexOf.get(snapshotId);
  }

  /** The entries before index `until` whose windows overlap, in the order of the ledger. */
  overlapping(window: Window, until = this.size): readonly LedgerPlace[] {
    const { fromMs, untilMs } = boundsOf(window);
    const found: LedgerPlace[] = [];
    for (const [index, bounds] of this.#bounds.entries()) {
      if (index >= until) break;
      if (bounds.fromMs < untilMs && fromMs <= bounds.toMs) found.push(this.#placeOf(index));
    }
    return found;
  }

  #placeOf(index: number): LedgerPlace {
    const { fromMs, toMs } = this.#bounds[index]!;
    return {
      index,
      snapshotId: this.#snapshotIds[index]!,
      window: { from: formatInstant(fromMs), to: formatInstant(toMs) },
      manifestSha256: Buffer.from(this.#manifests[index]!, 'latin1').toString('hex'),
    };
  }

  #add({ snapshotId, window, manifestSha256 }: LedgerEntry): void {
    this.#indexOf.set(snapshotId, this.#snapshotIds.length);
    this.#snapshotIds.push(snapshotId);
    this.#bounds.push({ fromMs: Date.parse(window.from), toMs: Date.parse(window.to) });
    this.#manifests.push(Buffer.from(manifestSha256, 'hex').toString('latin1'));
  }

  #addLeaves(entries: readonly IndexedEntry[]): void {
    const start = this.size * HASH_BYTES;
    const end = start + entries.length * HASH_BYTES;
    if (end > this.#leaves.length) {
      const grown = Buffer.alloc(Math.max(end, this.#leaves.length * 2, GROWTH_BYTES));
      this.#leaves.copy(grown);
      this.#leaves = grown;
    }
    for (const [offset, { leaf }] of entries.entries()) leaf.copy(this.#leaves, start + offset * HASH_BYTES);
  }
}

function* leavesOf(leaves: Buffer, count: number): Generator<Buffer> {
  for (let index = 0; index < count; index++)
    yield leaves.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
}
