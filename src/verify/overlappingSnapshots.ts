import { overlaps } from '../contract/window';
import { isSnapshotError } from '../errors';
import type { LedgerEntry } from '../evidence/ledgerEntry';
import { readRecord } from '../evidence/recordBytes';
import type { EvidenceReader } from './evidenceReader';
import { IdSet } from './idSet';
import { readChunk } from './readChunk';
import { readManifest } from './readManifest';
import type { OverlappingIds } from './recordTally';

/**
 * Finds records that two snapshots hold, where their windows overlap. Of two snapshots only the ids of the smaller one are
 * kept in memory, until the larger one is verified: usually that is a snapshot of late records.
 */
export class OverlappingSnapshots {
  readonly #reader: EvidenceReader;
  readonly #entries: readonly LedgerEntry[];
  readonly #ids = new Map<string, IdSet>();

  /** `entries` are those of the snapshots that are verified, in this order. */
  constructor(reader: EvidenceReader, entries: readonly LedgerEntry[]) {
    this.#reader = reader;
    this.#entries = entries.filter(({ recordCount }) => recordCount > 0);
  }

  /** The ids of all smaller snapshots that overlap the next one to verify. STORAGE_*. */
  async othersOf(snapshotId: string): Promise<readonly OverlappingIds[]> {
    const index = this.#entries.findIndex((entry) => entry.snapshotId === snapshotId);
    if (index < 0) return [];
    const others: OverlappingIds[] = [];
    for (const [place, entry] of this.#entries.entries())
      if (this.#isSmaller(place, index))
        others.push({ snapshotId: entry.snapshotId, ids: await this.#idsOf(entry) });
    return others;
  }

  /** Forgets the ids that no snapshot after this one is compared with. */
  release(snapshotId: string): void {
    const done = this.#entries.findIndex((entry) => entry.snapshotId === snapshotId);
    for (const kept of this.#ids.keys()) {
      const place = this.#entries.findIndex((entry) => entry.snapshotId === kept);
      const isNeeded = this.#entries.some((_, index) => index > done && this.#isSmaller(place, index));
      if (!isNeeded) this.#ids.delete(kept);
    }
  }

  /** True when both overlap and the first one has fewer records; of two equal ones the earlier counts as smaller. */
  #isSmaller(place: number, than: number): boolean {
    const [one, other] = [this.#entries[place]!, this.#entries[than]!];
    if (place === than || !overlaps(one.window, other.window)) return false;
    return one.recordCount - other.recordCount < Number(place < than);
  }

  async #idsOf({ snapshotId }: LedgerEntry): Promise<IdSet> {
    const ids = this.#ids.get(snapshotId) ?? (await this.#read(snapshotId));
    this.#ids.set(snapshotId, ids);
    return ids;
  }

  /** What cannot be read is left out: the report on the snapshot itself says what is wrong with it. */
  async #read(snapshotId: string): Promise<IdSet> {
    const ids = new IdSet();
    const manifest = await readManifest(this.#reader, snapshotId);
    try {
      for (const chunk of manifest?.chunks ?? [])
        for (const record of await readChunk(this.#reader, chunk))
          ids.add(readRecord(record, manifest?.source.members).id);
    } catch (error) {
      if (!isSnapshotError(error) || !error.code.startsWith('EVIDENCE_')) throw error;
    }
    return ids;
  }
}
