import type { Position } from '../contract/activities';
import { SnapshotError } from '../errors';
import { MAX_MANIFEST_BYTES } from '../evidence/limits';
import { parseManifest, type Manifest } from '../evidence/manifest';
import { manifestKey } from '../evidence/objectKeys';
import type { ObjectStore } from '../ports/objectStore';
import { sha256Hex } from '../tlog/sha256';
import type { LedgerPlace } from './ledgerIndex';
import { readStoredChunk } from './storedChunk';

/** The chunk of a snapshot that was read last. */
interface ReadChunk {
  readonly index: number;
  readonly ids: ReadonlySet<string>;
}

interface EarlierSnapshot {
  readonly manifest: Manifest;
  chunk?: ReadChunk;
}

/**
 * Answers whether earlier snapshots of the ledger contain a record, whatever its mark says: a record at the size limit of
 * the database cannot be marked. Records are asked for in the order of the log; of each snapshot one chunk is in memory.
 */
export class SealedRecords {
  readonly #store: ObjectStore;
  readonly #places: readonly LedgerPlace[];
  readonly #snapshots = new Map<string, EarlierSnapshot>();

  constructor(store: ObjectStore, places: readonly LedgerPlace[]) {
    this.#store = store;
    this.#places = places;
  }

  /** True when a snapshot contains a record with this id at this log time. STORAGE_*. */
  async has({ timestamp, id }: Position): Promise<boolean> {
    for (const place of this.#places) {
      if (timestamp < place.window.from || place.window.to < timestamp) continue;
      const snapshot = await this.#read(place);
      for (const { index, first, last } of snapshot.manifest.chunks) {
        if (timestamp < first.timestamp || last.timestamp < timestamp) continue;
        if ((await this.#idsOf(snapshot, index)).has(id)) return true;
      }
    }
    return false;
  }

  async #read({ snapshotId, manifestSha256 }: LedgerPlace): Promise<EarlierSnapshot> {
    const known = this.#snapshots.get(snapshotId);
    if (known) return known;
    const key = manifestKey(snapshotId);
    const stored = await this.#store.get(key, MAX_MANIFEST_BYTES);
    if (!stored || sha256Hex(stored.body) !== manifestSha256) {
      const message = `storage does not return the manifest that the ledger names, so it is unknown which records ${snapshotId} contains; nothing was signed, verify the evidence [key=${key}]`;
      throw new SnapshotError('STORAGE_CONFLICT', message);
    }
    const snapshot = { manifest: parseManifest(stored.body) };
    this.#snapshots.set(snapshotId, snapshot);
    return snapshot;
  }

  async #idsOf(snapshot: EarlierSnapshot, index: number): Promise<ReadonlySet<string>> {
    if (snapshot.chunk?.index === index) return snapshot.chunk.ids;
    const { manifest } = snapshot;
    const { key, versionId, sha256, bytes: sizeBytes, count } = manifest.chunks[index]!;
    const expected = { index, key, versionId, sha256, sizeBytes, count };
    const { records } = await readStoredChunk(this.#store, key, manifest, expected);
    const ids = new Set<string>();
    for await (const { id } of records) ids.add(id);
    snapshot.chunk = { index, ids };
    return ids;
  }
}
