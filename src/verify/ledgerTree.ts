import { ledgerTileKey } from '../evidence/objectKeys';
import { RangeBuilder, emptyRange, rootOf, rootOfLeaves } from '../tlog/merkle';
import { TILE_WIDTH, formatBundle, levelsOf, tilesOfLevel } from '../tlog/tiles';

/** Level, path of the index and, of a partial tile, width. */
const TILE_KEY = /^ledger\/tile\/(entries|[0-5])\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** A tile or an entry bundle of some size of a ledger. */
export interface TileName {
  readonly level: number | 'entries';
  readonly index: number;
  readonly width: number;
}

/** The tile that an object key names; undefined for any other key, and for another spelling of one. */
export function parseTileKey(key: string): TileName | undefined {
  const [, folder, path = '', digits] = TILE_KEY.exec(key) ?? [];
  if (folder === undefined) return undefined;
  const level = folder === 'entries' ? 'entries' : Number(folder);
  const width = digits === undefined ? TILE_WIDTH : Number(digits);
  const index = Number(path.replaceAll(/[x/]/g, ''));
  if (width > TILE_WIDTH || !Number.isSafeInteger(index)) return undefined;
  return ledgerTileKey(level, index, width) === key ? { level, index, width } : undefined;
}

/** A ledger whose entries are all known: its root at every size, and the content of every tile. */
export class LedgerTree {
  readonly #bytes: readonly Buffer[];
  /** The hashes of each level, from the leaves up: one for every full tile of the level below. */
  readonly #levels: (readonly Buffer[])[] = [];

  constructor(bytes: readonly Buffer[], leaves: readonly Buffer[]) {
    this.#bytes = bytes;
    for (let level = 0; level < Math.max(1, levelsOf(leaves.length)); level++)
      this.#levels.push(level === 0 ? leaves : parentsOf(this.#levels[level - 1]!));
  }

  get size(): number {
    return this.#bytes.length;
  }

  /** The content of a tile; undefined when the ledger is too small for it. */
  content({ level, index, width }: TileName): Buffer | undefined {
    const begin = index * TILE_WIDTH;
    const elements = level === 'entries' ? this.#bytes : (this.#levels[level] ?? []);
    if (begin + width > elements.length) return undefined;
    const own = elements.slice(begin, begin + width);
    return level === 'entries' ? formatBundle(own) : Buffer.concat(own);
  }

  /** The root of the first `size` entries, from the tiles that are full and the hashes after them. */
  rootAt(size: number): Buffer {
    const range = new RangeBuilder(emptyRange(0));
    for (let level = this.#levels.length - 1; level >= 0; level--) {
      const subtree = TILE_WIDTH ** level;
      const end = Math.floor(size / subtree);
      const begin = Math.floor(end / TILE_WIDTH) * TILE_WIDTH;
      for (const hash of this.#levels[level]!.slice(begin, end)) range.appendSubtree(subtree, hash);
    }
    return rootOf(range.range());
  }
}

/** The root of every full tile of these hashes. */
function parentsOf(hashes: readonly Buffer[]): Buffer[] {
  const full = [...tilesOfLevel(hashes.length, 0)].filter(({ width }) => width === TILE_WIDTH);
  return full.map(({ index }) => rootOfLeaves(hashes.slice(index * TILE_WIDTH, (index + 1) * TILE_WIDTH)));
}
