import { LEDGER_CHECKPOINT_KEY, ledgerKey } from '../../src/evidence/objectKeys';
import type { ObjectStore } from '../../src/ports/objectStore';
import { LogTree, type TileObject } from '../../src/tlog/tiles';
import { evidenceKey, type EvidenceKey } from './evidence';
import { signedCheckpoint } from './ledger';

/** A lock that outlives every snapshot of the harness. */
const LOCKED_UNTIL = new Date('2040-01-01T00:00:00.000Z');

/**
 * Publishes a ledger entry by entry into a store, as the product does: tiles for every size, each written once, then a
 * checkpoint that replaces the one before. Independent of the publisher under test.
 */
export class LedgerPublisher {
  readonly #tree = new LogTree();
  readonly #written = new Set<string>();

  readonly #store: ObjectStore;
  readonly #key: EvidenceKey;
  readonly #origin: string | undefined;

  constructor(store: ObjectStore, key: EvidenceKey = evidenceKey(1), origin?: string) {
    this.#store = store;
    this.#key = key;
    this.#origin = origin;
  }

  /** The signed note over the entries so far. */
  checkpoint(): Buffer {
    return signedCheckpoint(this.#tree.size, this.#tree.root(), this.#key, this.#origin);
  }

  async publish(entries: Iterable<Buffer>, until = LOCKED_UNTIL): Promise<void> {
    for (const entry of entries) {
      for (const tile of [...this.#tree.append(entry), ...this.#tree.partialTiles()])
        await this.#put(tile, until);
      const stored = await this.#store.get(LEDGER_CHECKPOINT_KEY, 65_536);
      if (stored) await this.#store.replace(LEDGER_CHECKPOINT_KEY, this.checkpoint(), until, stored.etag);
      else await this.#store.putOnce(LEDGER_CHECKPOINT_KEY, this.checkpoint(), until);
    }
  }

  async #put({ path, body }: TileObject, until: Date): Promise<void> {
    const key = ledgerKey(path);
    if (this.#written.has(key)) return;
    this.#written.add(key);
    await this.#store.putOnce(key, body, until);
  }
}
