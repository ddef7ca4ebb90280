import { malformed } from './malformed';
import { HASH_BYTES } from './merkle';

/** Hashes, or entries, in a full tile (c2sp.org/tlog-tiles). */
export const TILE_WIDTH = 256;
/** More levels than any ledger has: 256^6 entries. */
const MAX_LEVEL = 5;

/** A tile or an entry bundle, by its path in the log. */
export interface TileObject {
  readonly path: string;
  readonly body: Buffer;
}

/** Path of the tile `index` of a level (or of the entries) with `width` hashes; below 256 it is a partial one. */
export function tilePath(level: number | 'entries', index: number, width: number): string {
  if (level !== 'entries' && (level < 0 || level > MAX_LEVEL)) throw malformed(`no tile has level ${level}`);
  const partial = width === TILE_WIDTH ? '' : `.p/${width}`;
  return `tile/${level}/${tileIndex(index)}${partial}`;
}

/** Three digits an element, every element but the last marked: 1234067 is `x001/x234/067`. */
function tileIndex(index: number): string {
  const groups = [String(index % 1000).padStart(3, '0')];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000))
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  return groups.join('/');
}

/** The tiles of one level of a tree with `size` leaves: every full one, then the partial one if there is one. */
export function* tilesOfLevel(size: number, level: number): Generator<{ index: number; width: number }> {
  const hashes = Math.floor(size / TILE_WIDTH ** level);
  for (let index = 0; index * TILE_WIDTH < hashes; index++)
    yield { index, width: Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH) };
}

/** Levels that have a tile in a tree with `size` leaves. */
export function levelsOf(size: number): number {
  let levels = 0;
  while (size >= TILE_WIDTH ** levels) levels++;
  return levels;
}

/** Entries, each behind its length in two bytes, big endian. */
export function formatBundle(entries: readonly Uint8Array[]): Buffer {
  const parts = entries.flatMap((entry) => {
    if (entry.length > MAX_ENTRY_BYTES) throw malformed(`ledger entry of ${entry.length} bytes`);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(entry.length);
    return [length, entry];
  });
  return Buffer.concat(parts);
}

/** Reads exactly `width` entries with nothing behind them. EVIDENCE_MALFORMED. */
export function parseBundle(bytes: Buffer, width: number): Buffer[] {
  const entries: Buffer[] = [];
  let at = 0;
  while (entries.length < width) {
    if (bytes.length - at < 2)
      throw malformed(`entry bundle ends behind ${entries.length} of ${width} entries`);
    const end = at + 2 + bytes.readUInt16BE(at);
    if (end > bytes.length) throw malformed(`entry ${entries.length} of its bundle is cut off`);
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  if (at !== bytes.length) throw malformed(`entry bundle has bytes behind its ${width} entries`);
  return entries;
}

/** Reads a tile of exactly `width` hashes. EVIDENCE_MALFORMED. */
export function parseTile(bytes: Buffer, width: number): Buffer[] {
  if (bytes.length !== width * HASH_BYTES)
    throw malformed(`tile of ${bytes.length} bytes, not of ${width} hashes`);
  return Array.from({ length: width }, (_, place) =>
    bytes.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES),
  );
}
/** tlog-tiles gives an entry a length of two bytes. */

export const MAX_ENTRY_BYTES = 65535;
