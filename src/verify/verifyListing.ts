import type { EvidenceReader } from './evidenceReader';
import { LEDGER_CHECKPOINT_KEY, ledgerTileKey } from '../evidence/objectKeys';
import { MAX_MANIFEST_BYTES, parseManifest } from '../evidence/manifest';
import {
  manifestKey,
  manifestSignatureKey,
  manifestTimestampKey,
  snapshotCheckpointKey,
} from '../evidence/objectKeys';
import type { Ledger } from './verifyLedger';
import { TILE_WIDTH, formatBundle, levelsOf, tilesOfLevel } from '../tlog/tiles';
import { LISTING_LAYERS, ReportBuilder, type Checked } from './report';

const MAX_TILE_BYTES = TILE_WIDTH * 65_537;
const PARTIAL = /^(ledger\/tile\/(?:entries|\d)\/.*)\.p\/([1-9]\d{0,2})$/;

/**
 * Checks that a directory holds nothing but what ledger and manifests name: an object that nothing accounts for is no
 * evidence, and a reader must not take it for some. Older partial tiles may stay, if they are what they were.
 */
export async function verifyListing(
  reader: EvidenceReader,
  listed: readonly string[],
  snapshotIds: readonly string[],
  ledger: Ledger | undefined,
  key: Checked['key'],
): Promise<Checked> {
  const report = new ReportBuilder(20);
  const named = new Set(ledger ? ledgerKeys(ledger) : []);
  for (const snapshotId of snapshotIds)
    for (const name of await snapshotKeys(reader, snapshotId)) named.add(name);
  for (const object of listed) {
    // Without a ledger that can be read, nothing is said of its tiles; that it is missing is said elsewhere.
    if (!ledger && object.startsWith('ledger/')) continue;
    const known = named.has(object) || (ledger !== undefined && (await isOlderTile(reader, object, ledger)));
    const expected = 'an object that ledger or manifest names';
    report.check('listing', object, expected, known ? expected : 'an object that nothing names');
  }
  return report.finish(key, LISTING_LAYERS, []);
}

function* ledgerKeys({ size }: Ledger): Generator<string> {
  yield LEDGER_CHECKPOINT_KEY;
  for (const { index, width } of tilesOfLevel(size, 0)) yield ledgerTileKey('entries', index, width);
  for (let level = 0; level < levelsOf(size); level++)
    for (const { index, width } of tilesOfLevel(size, level)) yield ledgerTileKey(level, index, width);
}

async function snapshotKeys(reader: EvidenceReader, snapshotId: string): Promise<string[]> {
  const own = [manifestKey, manifestSignatureKey, manifestTimestampKey, snapshotCheckpointKey].map((keyOf) =>
    keyOf(snapshotId),
  );
  const body = await reader.read(manifestKey(snapshotId), undefined, MAX_MANIFEST_BYTES);
  if (!body) return own;
  try {
    return [...own, ...parseManifest(body).chunks.map(({ key }) => key)];
  } catch {
    // A manifest that is none names nothing; its own verification says so.
    return own;
  }
}

async function isOlderTile(reader: EvidenceReader, object: string, ledger: Ledger): Promise<boolean> {
  const [, path, digits] = PARTIAL.exec(object) ?? [];
  const width = Number(digits);
  if (path === undefined || !(width < TILE_WIDTH)) return false;
  const body = await reader.read(object, undefined, MAX_TILE_BYTES);
  for (const { index } of tilesOfLevel(ledger.size, 0)) {
    const start = index * TILE_WIDTH;
    if (ledgerTileKey('entries', index, TILE_WIDTH) === path)
      return body?.equals(formatBundle(ledger.bytes.slice(start, start + width))) === true;
    if (ledgerTileKey(0, index, TILE_WIDTH) === path)
      return body?.equals(Buffer.concat(ledger.leaves.slice(start, start + width))) === true;
  }
  return isOlderUpperTile(reader, path, width, body, ledger.size);
}

/** Above the leaves an older tile is the beginning of the one in force, which was verified. */
async function isOlderUpperTile(
  reader: EvidenceReader,
  path: string,
  width: number,
  body: Buffer | undefined,
  size: number,
): Promise<boolean> {
  for (let level = 1; level < levelsOf(size); level++) {
    for (const tile of tilesOfLevel(size, level)) {
      if (ledgerTileKey(level, tile.index, TILE_WIDTH) !== path || width > tile.width) continue;
      const whole = await reader.read(
        ledgerTileKey(level, tile.index, tile.width),
        undefined,
        MAX_TILE_BYTES,
      );
      return (
        body !== undefined &&
        body.length === width * 32 &&
        whole?.subarray(0, body.length).equals(body) === true
      );
    }
  }
  return false;
}
