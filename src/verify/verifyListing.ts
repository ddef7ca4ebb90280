import { ledgerKey, ledgerTileKey, objectsOfLedger, objectsOfSnapshot } from '../evidence/objectKeys';
import { HASH_BYTES } from '../tlog/merkle';
import { MAX_BUNDLE_BYTES, MAX_TILE_BYTES, TILE_WIDTH, formatBundle, tilesOfLevel } from '../tlog/tiles';
import type { EvidenceReader } from './evidenceReader';
import { readManifest } from './readManifest';
import { LISTING_LAYERS, ReportBuilder, type Checked, type KeyTrust } from './report';
import type { Ledger } from './verifyLedger';

/** A partial tile or bundle: its level, the key of the full one at its index, and its width. */
const PARTIAL_TILE = /^(ledger\/tile\/(entries|\d)\/.*)\.p\/([1-9]\d{0,2})$/;

/**
 * Checks that a directory holds only objects that ledger and manifests name: anything else is not evidence, and a reader
 * must not take it for evidence. Partial tiles of an earlier size may stay if the ledger still begins with them.
 */
export async function verifyListing(
  reader: EvidenceReader,
  listed: readonly string[],
  snapshotIds: readonly string[],
  ledger: Ledger | undefined,
  key: KeyTrust,
): Promise<Checked> {
  const report = new ReportBuilder();
  const named = new Set<string>();
  if (ledger) for (const object of objectsOfLedger(ledger.size)) named.add(object.key);
  for (const snapshotId of snapshotIds) {
    const chunks = (await readManifest(reader, snapshotId))?.chunks ?? [];
    for (const object of objectsOfSnapshot(snapshotId, chunks)) named.add(object.key);
  }

  for (const object of listed) {
    // Without a readable ledger nothing is known about its tiles; the report on the ledger says that it is missing.
    if (!ledger && object.startsWith(ledgerKey(''))) continue;
    const accepted =
      named.has(object) || (ledger !== undefined && (await isEarlierTile(reader, object, ledger)));
    const expected = 'an object that ledger or manifest names';
    report.check('listing', object, expected, accepted ? expected : 'an object that nothing names');
  }
  return report.finish(key, LISTING_LAYERS, []);
}

/** True for a partial tile of an earlier, smaller ledger: the tile in force must begin with its content. */
async function isEarlierTile(reader: EvidenceReader, object: string, ledger: Ledger): Promise<boolean> {
  const [, fullKey, folder = '', digits] = PARTIAL_TILE.exec(object) ?? [];
  if (fullKey === undefined) return false;
  const level = folder === 'entries' ? 'entries' : Number(folder);
  const width = Number(digits);
  for (const tile of tilesOfLevel(ledger.size, level === 'entries' ? 0 : level)) {
    if (ledgerTileKey(level, tile.index, TILE_WIDTH) !== fullKey || !(width < tile.width)) continue;
    const expected = await beginningOfTile(reader, ledger, level, tile, width);
    const body = await reader.read(object, undefined, MAX_BUNDLE_BYTES);
    return expected !== undefined && body?.equals(expected) === true;
  }
  return false;
}

/** The first `width` entries or hashes of a tile. Above the leaves they are read: the tile itself is verified elsewhere. */
async function beginningOfTile(
  reader: EvidenceReader,
  { bytes, leaves }: Ledger,
  level: number | 'entries',
  tile: { readonly index: number; readonly width: number },
  width: number,
): Promise<Buffer | undefined> {
  const begin = tile.index * TILE_WIDTH;
  if (level === 'entries') return formatBundle(bytes.slice(begin, begin + width));
  if (level === 0) return Buffer.concat(leaves.slice(begin, begin + width));
  const stored = await reader.read(ledgerTileKey(level, tile.index, tile.width), undefined, MAX_TILE_BYTES);
  const size = width * HASH_BYTES;
  return stored && stored.length >= size ? stored.subarray(0, size) : undefined;
}
