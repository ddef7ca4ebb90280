import { SnapshotError } from '../errors';
import { ledgerTileKey } from '../evidence/objectKeys';
import { HASH_BYTES } from '../tlog/merkle';
import {
  MAX_BUNDLE_BYTES,
  MAX_TILE_BYTES,
  TILE_WIDTH,
  formatBundle,
  parseBundle,
  tilesOfLevel,
} from '../tlog/tiles';
import type { EvidenceReader } from './evidenceReader';
import { parseTileKey, type TileName } from './ledgerTree';
import type { Ledger } from './verifyLedger';

/**
 * What a tile that the ledger in force does not need has to do with it. `earlier`: it is of an earlier size. `later`: it
 * continues the ledger beyond the signed checkpoint. `fork`: it contradicts the ledger. `foreign`: it is no tile.
 */
export type TileRelation = 'earlier' | 'later' | 'fork' | 'foreign';

/** Compares an object below `ledger/` with the verified ledger. */
export async function relateTile(
  reader: EvidenceReader,
  object: string,
  ledger: Ledger,
): Promise<TileRelation> {
  const tile = parseTileKey(object);
  if (!tile) return 'foreign';
  const inForce = [...tilesOfLevel(ledger.size, levelOf(tile))].find(({ index }) => index === tile.index);
  const common = Math.min(tile.width, inForce?.width ?? 0);
  const own = inForce && (await beginningOfTile(reader, ledger, tile, inForce.width, common));
  const stored = beginningOf(tile, await readForeign(reader, object), common);

  if (inForce === undefined) return stored && beginsAfter(tile, ledger.size) ? 'later' : 'foreign';
  // The tile in force is missing itself, which is reported where it is verified.
  if (own === undefined) return 'earlier';
  if (tile.width < inForce.width) return stored?.equals(own) === true ? 'earlier' : 'fork';
  if (stored === undefined) return 'foreign';
  return stored.equals(own) ? 'later' : 'fork';
}

/** Reads an object of unknown content; undefined when it is missing, too large, or a link. */
async function readForeign(reader: EvidenceReader, object: string): Promise<Buffer | undefined> {
  try {
    return await reader.read(object, undefined, MAX_BUNDLE_BYTES);
  } catch (error) {
    if (error instanceof SnapshotError && error.code === 'EVIDENCE_MALFORMED') return undefined;
    throw error;
  }
}

function levelOf({ level }: TileName): number {
  return level === 'entries' ? 0 : level;
}

/** True for a tile of entries, or of their hashes, that the ledger does not have yet. */
function beginsAfter(tile: TileName, size: number): boolean {
  return levelOf(tile) === 0 && tile.index * TILE_WIDTH >= size;
}

/** The first `count` entries or hashes of a stored tile; undefined when it is not a tile of its own width. */
function beginningOf(
  { level, width }: TileName,
  body: Buffer | undefined,
  count: number,
): Buffer | undefined {
  if (!body) return undefined;
  if (level !== 'entries')
    return body.length === width * HASH_BYTES ? body.subarray(0, count * HASH_BYTES) : undefined;
  try {
    return formatBundle(parseBundle(body, width).slice(0, count));
  } catch {
    // Not a bundle of this many entries.
    return undefined;
  }
}

/** The first `count` entries or hashes of a tile in force. Above the leaves they are read: the tile itself is verified elsewhere. */
async function beginningOfTile(
  reader: EvidenceReader,
  { bytes, leaves }: Ledger,
  { level, index }: TileName,
  widthInForce: number,
  count: number,
): Promise<Buffer | undefined> {
  const begin = index * TILE_WIDTH;
  if (level === 'entries') return formatBundle(bytes.slice(begin, begin + count));
  if (level === 0) return Buffer.concat(leaves.slice(begin, begin + count));
  const stored = await reader.read(ledgerTileKey(level, index, widthInForce), undefined, MAX_TILE_BYTES);
  const size = count * HASH_BYTES;
  return stored && stored.length >= size ? stored.subarray(0, size) : undefined;
}
