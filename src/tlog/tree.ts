import { malformed } from './malformed';
import { RangeBuilder, emptyRange, leafHash, rootOf } from './merkle';
import {
  TILE_WIDTH,
  formatBundle,
  levelsOf,
  parseBundle,
  parseTile,
  tilePath,
  type TileObject,
} from './tiles';

/** The partial tiles at the right edge of a tree; all that is needed to append to it. */
export interface TreeEdge {
  readonly size: number;
  /** Entries of the open bundle. */
  readonly entries: readonly Buffer[];
  /** Hashes of the open tile of each level, from 0. */
  readonly levels: readonly (readonly Buffer[])[];
}

export const EMPTY_EDGE: TreeEdge = { size: 0, entries: [], levels: [] };

/** Reads the right edge of a tree of `size` leaves by the paths of its partial tiles. EVIDENCE_MALFORMED. */
export async function readEdge(size: number, read: (path: string) => Promise<Buffer>): Promise<TreeEdge> {
  const bundleWidth = size % TILE_WIDTH;
  const bundleIndex = Math.floor(size / TILE_WIDTH);
  const entries =
    bundleWidth === 0
      ? []
      : parseBundle(await read(tilePath('entries', bundleIndex, bundleWidth)), bundleWidth);
  const levels: Buffer[][] = [];
  for (let level = 0; level < levelsOf(size); level++) {
    const hashes = Math.floor(size / TILE_WIDTH ** level);
    const width = hashes % TILE_WIDTH;
    const path = tilePath(level, Math.floor(hashes / TILE_WIDTH), width);
    levels.push(width === 0 ? [] : parseTile(await read(path), width));
  }
  for (const [place, entry] of entries.entries()) {
    if (!leafHash(entry).equals(levels[0]![place]!))
      throw malformed(`ledger entry ${bundleIndex * TILE_WIDTH + place} is not the one its tile commits to`);
  }
  return { size, entries, levels };
}

/** An append-only tree that grows entry by entry and knows which tiles each step makes (c2sp.org/tlog-tiles). */
export class LogTree {
  #size: number;
  #entries: Buffer[];
  readonly #levels: Buffer[][];

  constructor(edge: TreeEdge = EMPTY_EDGE) {
    this.#size = edge.size;
    this.#entries = [...edge.entries];
    this.#levels = edge.levels.map((hashes) => [...hashes]);
  }

  get size(): number {
    return this.#size;
  }

  /** The RFC 6962 root. */
  root(): Buffer {
    const range = new RangeBuilder(emptyRange(0));
    for (const [level, hashes] of [...this.#levels.entries()].toReversed())
      for (const hash of hashes) range.appendSubtree(TILE_WIDTH ** level, hash);
    return rootOf(range.range());
  }

  /** Appends an entry; returns the tiles that became full by it, which never change again. */
  append(entry: Buffer): TileObject[] {
    this.#size++;
    this.#entries.push(entry);
    const full: TileObject[] = [];
    if (this.#entries.length === TILE_WIDTH) {
      full.push(this.entryBundle());
      this.#entries = [];
    }
    for (let level = 0, hash = leafHash(entry); ; level++) {
      const hashes = (this.#levels[level] ??= []);
      hashes.push(hash);
      if (hashes.length < TILE_WIDTH) return full;
      full.push(this.#tile(level, hashes));
      hash = rootOfFull(hashes);
      this.#levels[level] = [];
    }
  }

  /** The bundle of the newest entries, full or partial. */
  entryBundle(): TileObject {
    const index = Math.ceil(this.#size / TILE_WIDTH) - 1;
    return {
      path: tilePath('entries', index, this.#entries.length),
      body: formatBundle(this.#entries),
    };
  }

  /** The partial tiles at the right edge, bundle first; none of a tree that fills its tiles. */
  partialTiles(): TileObject[] {
    const tiles = this.#levels.flatMap((hashes, level) =>
      hashes.length > 0 ? [this.#tile(level, hashes)] : [],
    );
    return this.#entries.length > 0 ? [this.entryBundle(), ...tiles] : tiles;
  }

  #tile(level: number, hashes: readonly Buffer[]): TileObject {
    const index = Math.ceil(Math.floor(this.#size / TILE_WIDTH ** level) / TILE_WIDTH) - 1;
    return { path: tilePath(level, index, hashes.length), body: Buffer.concat(hashes) };
  }
}

/** Root of the complete subtree over the hashes of a full tile. */
export function rootOfFull(hashes: readonly Buffer[]): Buffer {
  const range = new RangeBuilder(emptyRange(0));
  for (const hash of hashes) range.appendLeaf(hash);
  return rootOf(range.range());
}
