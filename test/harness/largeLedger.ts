import { ObjectId } from 'bson';
import { entryOf } from '../../src/evidence/ledgerEntry';
import { LEDGER_CHECKPOINT_KEY, ledgerTileKey, manifestKey } from '../../src/evidence/objectKeys';
import { makeTrustFile, type TrustFile } from '../../src/evidence/trustFile';
import type { ListedVersion } from '../../src/ports/objectStore';
import { leafHash } from '../../src/tlog/merkle';
import { sha256Hex } from '../../src/tlog/sha256';
import { TILE_WIDTH, levelsOf } from '../../src/tlog/tiles';
import type { EvidenceReader } from '../../src/verify/evidenceReader';
import { LedgerTree, parseTileKey } from '../../src/verify/ledgerTree';
import { evidenceKey, hashedRecord, makeEvidence } from './evidence';
import { signedCheckpoint } from './ledger';

const ORIGIN = 'audit.example.org';
const KEY = evidenceKey(1);
const DAY_MS = 86_400_000;
const START_MS = Date.parse('2000-01-01T00:00:00.000Z');
const LOCK = { mode: 'COMPLIANCE', until: new Date('2100-01-01T00:00:00.000Z') } as const;
/** About what S3 writes about one version in a listing. */
const LISTED_BYTES = 400;
const VERSIONS_PER_PAGE = 1_000;

/** What a verification costs the bucket. */
export interface ReadCost {
  requests: number;
  bytes: number;
}

interface SealedDay {
  readonly entry: Buffer;
  readonly leaf: Buffer;
  readonly objects: ReadonlyMap<string, Buffer>;
}

const SEALED = new Map<string, Promise<SealedDay>>();

async function sealDay(day: number, salt: string): Promise<SealedDay> {
  const fromMs = START_MS + day * DAY_MS;
  const document = {
    _id: new ObjectId(day.toString(16).padStart(24, '0')),
    timestamp: new Date(fromMs + 1),
    action: 'document.read',
    actor: `user${salt}`,
  };
  const { manifest, objects } = await makeEvidence({
    records: [hashedRecord(document)],
    chunkRecords: 1,
    key: KEY,
    jobId: `day-${day}`,
    window: { from: new Date(fromMs).toISOString(), to: new Date(fromMs + DAY_MS - 1).toISOString() },
    openedAt: new Date(fromMs + DAY_MS).toISOString(),
  });
  const entry = entryOf(manifest, sha256Hex(objects.get(manifestKey(manifest.snapshotId))!));
  return { entry, leaf: leafHash(entry), objects };
}

/**
 * A bucket with one small snapshot for each day and the ledger over them, with every version that publishing day by day
 * leaves. Tiles are computed when they are read, so that ten thousand days fit in memory.
 */
export class LargeLedger {
  readonly trust: TrustFile = makeTrustFile(ORIGIN, [
    { version: 1, publicKey: KEY.publicKey, createdAt: new Date(START_MS) },
  ]);
  readonly objects = new Map<string, Buffer>();
  /** What is read in place of an object; undefined where it is gone. */
  readonly replaced = new Map<string, Buffer | undefined>();
  /** Tells two histories apart. */
  readonly #salt: string;
  readonly #entries: Buffer[] = [];
  readonly #leaves: Buffer[] = [];
  #builtTree: LedgerTree | undefined;

  constructor(salt = '') {
    this.#salt = salt;
  }

  static async of(days: number, salt?: string): Promise<LargeLedger> {
    const ledger = new LargeLedger(salt);
    for (let day = 0; day < days; day++) await ledger.seal();
    return ledger;
  }

  /** Seals the next day. */
  async seal(): Promise<void> {
    const day = this.#entries.length;
    const { entry, leaf, objects } = await this.#sealed(day);
    for (const [key, body] of objects) this.objects.set(key, body);
    this.#entries.push(entry);
    this.#leaves.push(leaf);
    this.#builtTree = undefined;
  }

  /** Day `day` of this history, sealed once for all ledgers of it. */
  #sealed(day: number): Promise<SealedDay> {
    const name = `${day}${this.#salt}`;
    const sealed = SEALED.get(name) ?? sealDay(day, this.#salt);
    SEALED.set(name, sealed);
    return sealed;
  }
  get size(): number {
    return this.#entries.length;
  }

  /** The signed note over the first `size` days. */
  checkpoint(size = this.size): Buffer {
    return signedCheckpoint(size, this.#tree().rootAt(size), KEY, ORIGIN);
  }

  /** Reads the bucket, and adds to `cost`. */
  reader(cost: ReadCost = { requests: 0, bytes: 0 }): EvidenceReader {
    const count = (bytes: number) => {
      cost.requests++;
      cost.bytes += bytes;
    };
    return {
      read: (key, versionId) => {
        const body = this.#body(key, versionId);
        count(body?.length ?? 0);
        return Promise.resolve(body);
      },
      readLock: () => {
        count(0);
        return Promise.resolve(LOCK);
      },
      listVersions: (prefix) => this.#list(prefix, count),
    };
  }

  #tree(): LedgerTree {
    return (this.#builtTree ??= new LedgerTree(this.#entries, this.#leaves));
  }

  #body(key: string, versionId: string | undefined): Buffer | undefined {
    if (this.replaced.has(key)) return this.replaced.get(key);
    if (key === LEDGER_CHECKPOINT_KEY)
      return this.checkpoint(versionId === undefined ? this.size : Number(versionId));
    const tile = parseTileKey(key);
    return tile ? this.#tree().content(tile) : this.objects.get(key);
  }

  async *#list(
    prefix: string,
    count: (bytes: number) => void,
  ): AsyncGenerator<ListedVersion, void, undefined> {
    const listed = [...this.#versions(prefix)];
    for (let start = 0; start < Math.max(1, listed.length); start += VERSIONS_PER_PAGE) {
      // A page is sent whole, also to a caller that stops early.
      const page = listed.slice(start, start + VERSIONS_PER_PAGE);
      count(page.length * LISTED_BYTES);
      yield* page;
    }
  }

  *#versions(prefix: string): Generator<ListedVersion> {
    if (LEDGER_CHECKPOINT_KEY.startsWith(prefix))
      for (let size = this.size; size > 0; size--)
        yield this.#version(LEDGER_CHECKPOINT_KEY, String(size), size === this.size, 300);
    for (const key of this.#tileKeys())
      if (key.startsWith(prefix))
        yield this.#version(key, 'only', true, this.#body(key, 'only')?.length ?? 0);
    for (const [key, body] of this.objects)
      if (key.startsWith(prefix)) yield this.#version(key, 'only', true, body.length);
  }

  /** A tile for every size of the ledger, as publishing day by day writes them. */
  *#tileKeys(): Generator<string> {
    for (let level = 0; level < levelsOf(this.size); level++)
      for (let end = 1; end <= Math.floor(this.size / TILE_WIDTH ** level); end++) {
        const index = Math.floor((end - 1) / TILE_WIDTH);
        yield ledgerTileKey(level, index, end - index * TILE_WIDTH);
        if (level === 0) yield ledgerTileKey('entries', index, end - index * TILE_WIDTH);
      }
  }

  #version(key: string, versionId: string, isLatest: boolean, sizeBytes: number): ListedVersion {
    return { key, versionId, isLatest, isDeleteMarker: false, sizeBytes, lastModified: new Date(START_MS) };
  }
}
