import { MAX_CHECKPOINT_BYTES } from '../evidence/limits';
import { LEDGER_CHECKPOINT_KEY, ledgerKey, ledgerTileKey } from '../evidence/objectKeys';
import type { ListedVersion } from '../ports/objectStore';
import { MAX_BUNDLE_BYTES, TILE_WIDTH, levelsOf, tilesOfLevel } from '../tlog/tiles';
import type { EvidenceReader } from './evidenceReader';
import { versionOf, type HeadVersion } from './judgeHeads';
import { parseTileKey, type LedgerTree, type TileName } from './ledgerTree';
import type { ReportBuilder } from './report';

/** Requests that are sent at the same time. */
const PARALLEL = 16;

/** What storage lists below `ledger/`. */
export interface LedgerVersions {
  /** Of the checkpoint, newest first. */
  readonly heads: readonly ListedVersion[];
  /** Of each tile and entry bundle. */
  readonly tiles: ReadonlyMap<string, ListedTile>;
  /** Keys that no ledger has. */
  readonly foreign: readonly string[];
}

interface ListedTile {
  readonly name: TileName;
  /** Newest first; delete markers at any position. */
  readonly versions: readonly ListedVersion[];
}

/** Lists every version below `ledger/`, in one request for each thousand versions. */
export async function listLedger(
  listVersions: NonNullable<EvidenceReader['listVersions']>,
): Promise<LedgerVersions> {
  const heads: ListedVersion[] = [];
  const tiles = new Map<string, { name: TileName; versions: ListedVersion[] }>();
  const foreign = new Set<string>();
  for await (const version of listVersions(ledgerKey(''))) {
    const { key } = version;
    const known = tiles.get(key);
    if (key === LEDGER_CHECKPOINT_KEY) heads.push(version);
    else if (known) known.versions.push(version);
    else {
      const name = parseTileKey(key);
      if (name) tiles.set(key, { name, versions: [version] });
      else foreign.add(key);
    }
  }
  return { heads, tiles, foreign: [...foreign] };
}

/** The versions of the checkpoint with their content; of a directory, the only one. */
export async function readHeads(
  reader: EvidenceReader,
  listed: LedgerVersions | undefined,
): Promise<readonly HeadVersion[]> {
  if (!listed) {
    const note = await reader.read(LEDGER_CHECKPOINT_KEY, undefined, MAX_CHECKPOINT_BYTES);
    return note ? [{ versionId: undefined, isLatest: true, note }] : [];
  }
  return mapParallel(listed.heads, async (version) => ({
    versionId: version.versionId,
    isLatest: version.isLatest,
    note: version.isDeleteMarker ? undefined : await readHead(reader, version),
  }));
}

/** The versions of the checkpoint from the newest one down to the kept one, which was verified before. */
export async function readHeadsSince(reader: EvidenceReader, kept: Buffer): Promise<readonly HeadVersion[]> {
  if (!reader.listVersions) return readHeads(reader, undefined);
  const heads: HeadVersion[] = [];
  for await (const version of reader.listVersions(LEDGER_CHECKPOINT_KEY)) {
    if (version.key !== LEDGER_CHECKPOINT_KEY) break;
    const { versionId, isLatest, isDeleteMarker } = version;
    const note = isDeleteMarker ? undefined : await readHead(reader, version);
    heads.push({ versionId, isLatest, note });
    if (note?.equals(kept)) break;
  }
  return heads;
}

/**
 * Lists the versions of the tiles and bundles that changed since a size: those at the right edge, of every level. Undefined
 * where there are no versions.
 */
export async function listNewTiles(
  reader: EvidenceReader,
  since: number,
  size: number,
): Promise<ReadonlyMap<string, ListedTile> | undefined> {
  if (!reader.listVersions) return undefined;
  const tiles = new Map<string, { name: TileName; versions: ListedVersion[] }>();
  for (const level of ['entries' as const, ...Array.from({ length: levelsOf(size) }, (_, each) => each)]) {
    const subtree = TILE_WIDTH ** (level === 'entries' ? 0 : level);
    for (const { index, width } of tilesOfLevel(size, level === 'entries' ? 0 : level)) {
      if ((index * TILE_WIDTH + width) * subtree <= since) continue;
      for await (const version of reader.listVersions(ledgerTileKey(level, index, TILE_WIDTH))) {
        const name = parseTileKey(version.key);
        if (name?.index !== index || name.level !== level) continue;
        const known = tiles.get(version.key);
        if (known) known.versions.push(version);
        else tiles.set(version.key, { name, versions: [version] });
      }
    }
  }
  return tiles;
}

/** Checks that each of these tiles and bundles has one content, whichever it is: those in force are verified elsewhere. */
export async function verifySingle(
  reader: EvidenceReader,
  report: ReportBuilder,
  tiles: ReadonlyMap<string, ListedTile>,
): Promise<void> {
  for (const [key, tile] of tiles) {
    reportMarkers(report, tile);
    const first = tile.versions.findLast(({ isDeleteMarker }) => !isDeleteMarker);
    if (!first) continue;
    if (tile.versions.length === 1) report.pass('ledger versions');
    else {
      const content = await reader.read(key, first.versionId, MAX_BUNDLE_BYTES);
      if (content) await verifyTile(reader, report, key, tile, content);
    }
  }
}

function reportMarkers(report: ReportBuilder, { versions }: ListedTile): void {
  for (const version of versions)
    if (version.isDeleteMarker)
      report.invalid('ledger versions', markerOf(version), WRITTEN_ONCE, 'a delete marker');
}

/** Empty for a version that is too large for a checkpoint, or that was deleted since it was listed. */
async function readHead(reader: EvidenceReader, { versionId, sizeBytes }: ListedVersion): Promise<Buffer> {
  const note =
    sizeBytes <= MAX_CHECKPOINT_BYTES &&
    (await reader.read(LEDGER_CHECKPOINT_KEY, versionId, MAX_CHECKPOINT_BYTES));
  return note || Buffer.alloc(0);
}

/** The same calls as one after the other, a few at a time; the results are in order. */
async function mapParallel<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += PARALLEL)
    results.push(...(await Promise.all(items.slice(start, start + PARALLEL).map(run))));
  return results;
}

/** The version ids of a tile; of a directory, the only one. */
export function versionsOf(key: string, listed: LedgerVersions | undefined): readonly (string | undefined)[] {
  if (!listed) return [undefined];
  const versions = listed.tiles.get(key)?.versions ?? [];
  return versions.filter(({ isDeleteMarker }) => !isDeleteMarker).map(({ versionId }) => versionId);
}

/**
 * The reader for the tiles of a ledger: an object that is written once is read at its first version, which nothing that
 * is put on top later can hide.
 */
export function firstOfTiles(
  reader: EvidenceReader,
  tiles: ReadonlyMap<string, ListedTile> | undefined,
): EvidenceReader {
  if (!tiles) return reader;
  return {
    ...reader,
    read: (key, versionId, maxBytes) => {
      const versions = tiles.get(key)?.versions ?? [];
      const first =
        versions.length > 1 ? versions.findLast(({ isDeleteMarker }) => !isDeleteMarker) : undefined;
      return reader.read(key, versionId ?? first?.versionId, maxBytes);
    },
  };
}

/**
 * Checks that every tile and bundle that storage lists has one content, which is that of this ledger. A delete marker, or
 * a version with other bytes, is another history. Of an object with one version only the size is compared: the tiles in
 * force are read anyway, and nobody reads an earlier one.
 */
export async function verifyVersions(
  reader: EvidenceReader,
  report: ReportBuilder,
  { tiles, foreign }: LedgerVersions,
  tree: LedgerTree,
): Promise<void> {
  let later = 0;
  for (const [key, tile] of tiles) {
    const content = tree.content(tile.name);
    reportMarkers(report, tile);
    if (content) await verifyTile(reader, report, key, tile, content);
    else later++;
  }
  if (later > 0)
    report.note(
      `${later} objects of a ledger with more than ${tree.size} entries: a publication was interrupted, or is under way`,
    );
  for (const key of foreign) report.note(`not evidence: ${key} (not an object of a ledger)`);
}

const WRITTEN_ONCE = 'one version: the object is written once';

async function verifyTile(
  reader: EvidenceReader,
  report: ReportBuilder,
  key: string,
  { versions }: ListedTile,
  content: Buffer,
): Promise<void> {
  const stored = versions.filter(({ isDeleteMarker }) => !isDeleteMarker);
  let differing = 0;
  for (const { versionId, sizeBytes } of stored) {
    const isSame =
      sizeBytes === content.length &&
      (stored.length === 1 ||
        (await reader.read(key, versionId, MAX_BUNDLE_BYTES))?.equals(content) === true);
    if (isSame) continue;
    differing++;
    report.invalid(
      'ledger versions',
      versionOf(key, versionId),
      'the bytes of this history',
      'other bytes: another history',
    );
  }
  if (differing > 0) return;
  report.pass('ledger versions');
  if (stored.length > 1)
    report.note(`${key} has ${stored.length} versions with the same bytes; it is written once`);
}

function markerOf({ key, versionId }: ListedVersion): string {
  return `${key} [delete marker=${versionId}]`;
}
