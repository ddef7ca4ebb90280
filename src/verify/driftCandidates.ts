import { boundsOf } from '../contract/window';
import type { LedgerEntry } from '../evidence/ledgerEntry';
import type { Manifest } from '../evidence/manifest';
import type { ObjectStore } from '../ports/objectStore';
import { readSealedChunk, readSealedManifest } from './sealedChunk';
import type { Ledger } from './verifyLedger';

/** A live record that the snapshot over its log time does not contain. */
export interface Candidate {
  readonly kind: 'planted' | 'backdated';
  readonly recordId: string;
  /** Over its log time; empty when there is none. */
  readonly snapshotId: string;
  readonly chunk: number | null;
  readonly timestamps: readonly number[];
  /** Snapshot that its mark names. */
  readonly owner: string | undefined;
}

/**
 * Collects live records that look planted or backdated. What the evidence of any snapshot contains is sealed, whatever its
 * mark says, so nobody is accused before the evidence was searched, in a ledger that was read after the records.
 */
export class Candidates {
  readonly #byId = new Map<string, Candidate>();

  get size(): number {
    return this.#byId.size;
  }

  /** The first candidate of a record counts: several scans may meet it. */
  add(candidate: Candidate): void {
    if (!this.#byId.has(candidate.recordId)) this.#byId.set(candidate.recordId, candidate);
  }

  /** Forgets all candidates, and returns those that no snapshot of the ledger contains. STORAGE_*. */
  async settle(store: ObjectStore, ledger: Ledger, signal: AbortSignal | undefined): Promise<Candidate[]> {
    for (const entry of ledger.entries) {
      if (this.size === 0) break;
      const { fromMs, untilMs } = boundsOf(entry.window);
      const sought = [...this.#byId.values()].filter(
        ({ owner, timestamps }) =>
          owner === entry.snapshotId || timestamps.some((ms) => ms >= fromMs && ms < untilMs),
      );
      if (sought.length > 0) await this.#search(store, entry, sought, signal);
    }
    const unsealed = [...this.#byId.values()];
    this.#byId.clear();
    return unsealed;
  }

  async #search(
    store: ObjectStore,
    entry: LedgerEntry,
    sought: readonly Candidate[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const manifest = await readSealedManifest(store, entry);
    if (!manifest) return;
    for (const { index } of manifest.chunks) {
      if (!sought.some((candidate) => mayBeIn(manifest, index, candidate))) continue;
      signal?.throwIfAborted();
      for (const { id } of (await readSealedChunk(store, manifest, index)) ?? []) this.#byId.delete(id);
    }
  }
}

/** A record whose time was changed may be in any chunk of the snapshot that its mark names. */
function mayBeIn({ snapshotId, chunks }: Manifest, index: number, { owner, timestamps }: Candidate): boolean {
  const { first, last } = chunks[index]!;
  const isInRange = (ms: number) => ms >= Date.parse(first.timestamp) && ms <= Date.parse(last.timestamp);
  return owner === snapshotId || timestamps.some(isInRange);
}
