import { malformed } from '../errors';
import { HASH_BYTES, RangeBuilder, emptyRange, leafHash, rootOf, rootOfLeaves } from './merkle';

/** Hashes in a full tile, entries in a full bundle (c2sp.org/tlog-tiles). */
export const TILE_WIDTH = 256;
export const MAX_TILE_BYTES = TILE_WIDTH * HASH_BYTES;
const LENGTH_BYTES = 2;
/** The length of an entry is written in two bytes. */
export const MAX_ENTRY_BYTES = 65_535;
export const MAX_BUNDLE_BYTES = TILE_WIDTH * (LENGTH_BYTES + MAX_ENTRY_BYTES);
/** The highest level this implementation names: more entries than 256^6 are in no log. */
const MAX_LEVEL = 5;

/** A tile or an entry bundle, by its path in the log. */
export interface TileObject {
  readonly path: string;
  readonly body: Buffer;
}

/**
 * Path of tile `index` of a level, or of an entry bundle, that holds `width` hashes or entries: partial below 256.
 * EVIDENCE_MALFORMED for a level that no log has.
 *
 * @example
 * tilePath(0, 1_234_067, 256); // 'tile/0/x001/x234/067'
 * tilePath('entries', 0, 3); // 'tile/entries/000.p/3'
 */
export function tilePath(level: number | 'entries', index: number, width: number): string {
  if (level !== 'entries' && (level < 0 || level > MAX_LEVEL)) throw malformed(`no tile has level ${level}`);
  const partial = width === TILE_WIDTH ? '' : `.p/${width}`;
  return `tile/${level}/${indexPath(index)}${partial}`;
}

/** Three digits per element, every element except the last marked with an x. */
function indexPath(index: number): string {
  const groups = [String(index % 1000).padStart(3, '0')];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000))
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  return groups.join('/');
}

/** The tiles of one level of a tree of `size` leaves: the full ones, then the partial one if there is one. */
export function* tilesOfLevel(size: number, level: number): Generator<{ index: number; width: number }> {
  const hashes = hashesOfLevel(size, level);
  for (let index = 0; index * TILE_WIDTH < hashes; index++)
    yield { index, width: Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH) };
}

/** How many levels of a tree of `size` leaves have tiles. */
export function levelsOf(size: number): number {
  let levels = 0;
  while (size >= TILE_WIDTH ** levels) levels++;
  return levels;
}

/** How many hashes a level has: one for every 256 hashes of the level below. */
function hashesOfLevel(size: number, level: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

/** The bundle of these entries: each after its length in two bytes, big endian. EVIDENCE_MALFORMED beyond 65535 bytes. */
export function formatBundle(entries: readonly Uint8Array[]): Buffer {
  const parts = entries.flatMap((entry) => {
    if (entry.length > MAX_ENTRY_BYTES) throw malformed(`log entry of ${entry.length} bytes`);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt16BE(entry.length);
    return [length, entry];
  });
  return Buffer.concat(parts);
}

/** Reads a bundle of exactly `width` entries; trailing bytes are refused. EVIDENCE_MALFORMED. */
export function parseBundle(bytes: Buffer, width: number): Buffer[] {
  const entries: Buffer[] = [];
  let at = 0;
  while (entries.length < width) {
    const start = at + LENGTH_BYTES;
    if (start > bytes.length)
      throw malformed(`entry bundle ends after ${entries.length} of ${width} entries`);
    const end = start + bytes.readUInt16BE(at);
    if (end > bytes.length) throw malformed(`entry ${entries.length} of its bundle is cut off`);
    entries.push(bytes.subarray(start, end));
    at = end;
  }
  if (at !== bytes.length) throw malformed(`entry bundle has bytes after its ${width} entries`);
  return entries;
}

/** Reads a tile of exactly `width` hashes. EVIDENCE_MALFORMED. */
export function parseTile(bytes: Buffer, width: number): Buffer[] {
  if (bytes.length !== width * HASH_BYTES)
    throw malformed(`tile of ${bytes.length} bytes, not of ${width} hashes`);
  return Array.from({ length: width }, (_, index) =>
    bytes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES),
  );
}

/** The partial tiles at the right edge of a tree: all that is needed to append to it. */
export interface TreeEdge {
  readonly size: number;
  /** Entries of the partial bundle. */
  readonly entries: readonly Buffer[];
  /** Hashes of the partial tile of each level, from 0. */
  readonly levels: readonly (readonly Buffer[])[];
}

export const EMPTY_EDGE: TreeEdge = { size: 0, entries: [], levels: [] };

/**
 * Reads the right edge of a tree of `size` leaves; `read` gets the paths of its partial tiles. EVIDENCE_MALFORMED when a
 * tile has another size, or when the entries do not hash to the leaves of their tile.
 */
export async function readEdge(size: number, read: (path: string) => Promise<Buffer>): Promise<TreeEdge> {
  const bundle = lastTile(size);
  const entries =
    bundle.width === 0
      ? []
      : parseBundle(await read(tilePath('entries', bundle.index, bundle.width)), bundle.width);
  const levels: Buffer[][] = [];
  for (let level = 0; level < levelsOf(size); level++) {
    const { index, width } = lastTile(hashesOfLevel(size, level));
    levels.push(width === 0 ? [] : parseTile(await read(tilePath(level, index, width)), width));
  }

  for (const [index, entry] of entries.entries()) {
    if (!leafHash(entry).equals(levels[0]![index]!))
      throw malformed(`entry ${bundle.index * TILE_WIDTH + index} is not the one its tile commits to`);
  }
  return { size, entries, levels };
}

/** The partial tile after `hashes` hashes; its width is 0 when the last tile is full. */
function lastTile(hashes: number): { index: number; width: number } {
  return { index: Math.floor(hashes / TILE_WIDTH), width: hashes % TILE_WIDTH };
}

/** An append-only tree in memory, of which only the right edge is kept; it returns the tiles that each entry completes. */
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

  /** Appends an entry and returns the tiles that it filled, which never change again. */
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
      hash = rootOfLeaves(hashes);
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

  /** The partial tiles at the right edge, bundle first; none when every tile is full. */
  partialTiles(): TileObject[] {
    const tiles = this.#levels.flatMap((hashes, level) =>
      hashes.length > 0 ? [this.#tile(level, hashes)] : [],
    );
    return this.#entries.length > 0 ? [this.entryBundle(), ...tiles] : tiles;
  }

  #tile(level: number, hashes: readonly Buffer[]): TileObject {
    const index = Math.ceil(hashesOfLevel(this.#size, level) / TILE_WIDTH) - 1;
    return { path: tilePath(level, index, hashes.length), body: Buffer.concat(hashes) };
  }
}
