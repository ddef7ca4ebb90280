import { SnapshotError } from '../errors';
import { ledgerTileKey } from '../evidence/objectKeys';
import { rangeOfLeaves, rootOf, subtreeSizes, type MerkleRange } from '../tlog/merkle';
import { proveConsistency, proveInclusion, type SubtreeSource } from '../tlog/proof';
import { MAX_BUNDLE_BYTES, TILE_WIDTH, parseBundle, parseTile } from '../tlog/tiles';
import type { EvidenceReader } from './evidenceReader';

/**
 * The tree of a ledger that is read tile by tile, where only a few hashes of it are needed: O(log n) tiles instead of all
 * entries. Nothing that it returns is verified: a proof shows by itself whether it leads to a signed root. Errors:
 * EVIDENCE_INCOMPLETE for a tile that is missing, EVIDENCE_MALFORMED for one of another size.
 */
export class TiledTree {
  readonly #reader: EvidenceReader;
  readonly #size: number;
  readonly #tiles = new Map<string, Promise<readonly Buffer[]>>();

  constructor(reader: EvidenceReader, size: number) {
    this.#reader = reader;
    this.#size = size;
  }

  /** The range of the first `size` leaves. */
  async range(size: number): Promise<MerkleRange> {
    let begin = 0;
    const hashes: Buffer[] = [];
    for (const subtree of subtreeSizes(0, size)) {
      hashes.push(await this.#subtree(begin, subtree));
      begin += subtree;
    }
    return { begin: 0, end: size, hashes };
  }

  /** Proof that the tree extends that of its first `earlier` leaves. */
  consistency(earlier: number): Promise<Buffer[]> {
    return this.#prove((source) => proveConsistency(source, earlier, this.#size));
  }

  /** Proof that leaf `index` is in the tree. */
  inclusion(index: number): Promise<Buffer[]> {
    return this.#prove((source) => proveInclusion(source, index, this.#size));
  }

  /** The entries of the bundle `index`, in order. */
  entries(index: number): Promise<readonly Buffer[]> {
    return this.#tile('entries', index);
  }

  /** The leaf hashes of the tile `index`, in order. */
  leaves(index: number): Promise<readonly Buffer[]> {
    return this.#tile(0, index);
  }

  /** A proof asks for its hashes one after the other; so it is made twice, first to learn which ones to read. */
  async #prove(prove: (source: SubtreeSource) => Buffer[]): Promise<Buffer[]> {
    const known = new Map<string, Buffer>();
    const wanted: (readonly [begin: number, size: number])[] = [];
    prove((begin, size) => {
      wanted.push([begin, size]);
      return Buffer.alloc(0);
    });
    for (const [begin, size] of wanted) known.set(`${begin} ${size}`, await this.#subtree(begin, size));
    return prove((begin, size) => known.get(`${begin} ${size}`)!);
  }

  /** The root of an aligned subtree of `size` leaves: part of one tile of the highest level that has it. */
  async #subtree(begin: number, size: number): Promise<Buffer> {
    let level = 0;
    while (TILE_WIDTH ** (level + 1) <= size) level++;
    const first = begin / TILE_WIDTH ** level;
    const hashes = await this.#tile(level, Math.floor(first / TILE_WIDTH));
    const offset = first % TILE_WIDTH;
    return rootOf(rangeOfLeaves(hashes.slice(offset, offset + size / TILE_WIDTH ** level)));
  }

  #tile(level: number | 'entries', index: number): Promise<readonly Buffer[]> {
    const elements = Math.floor(this.#size / TILE_WIDTH ** (level === 'entries' ? 0 : level));
    const width = Math.min(TILE_WIDTH, elements - index * TILE_WIDTH);
    const key = ledgerTileKey(level, index, width);
    const tile = this.#tiles.get(key) ?? this.#read(key, level, width);
    this.#tiles.set(key, tile);
    return tile;
  }

  async #read(key: string, level: number | 'entries', width: number): Promise<readonly Buffer[]> {
    const body = await this.#reader.read(key, undefined, MAX_BUNDLE_BYTES);
    if (!body) throw new SnapshotError('EVIDENCE_INCOMPLETE', `a tile of the ledger is missing [key=${key}]`);
    try {
      return level === 'entries' ? parseBundle(body, width) : parseTile(body, width);
    } catch (cause) {
      throw new SnapshotError('EVIDENCE_MALFORMED', `a tile of the ledger is malformed [key=${key}]`, {
        cause,
      });
    }
  }
}
