import { messageOf } from '../errors';
import type { Trust } from '../evidence/keyStanding';
import { parseEntry, type LedgerEntry } from '../evidence/ledgerEntry';
import { MAX_MANIFEST_BYTES } from '../evidence/limits';
import { tryParseManifest, type Manifest } from '../evidence/manifest';
import { LEDGER_CHECKPOINT_KEY, ledgerTileKey, manifestKey } from '../evidence/objectKeys';
import { leafHash } from '../tlog/merkle';
import { sha256Hex } from '../tlog/sha256';
import { MAX_BUNDLE_BYTES, MAX_TILE_BYTES, levelsOf, parseBundle, tilesOfLevel } from '../tlog/tiles';
import type { EvidenceReader } from './evidenceReader';
import {
  describeHead,
  judgeHeads,
  judgeRoots,
  versionOf,
  type HeadHistory,
  type LedgerProblem,
  type SignedHead,
} from './judgeHeads';
import { LedgerTree } from './ledgerTree';
import { firstOfTiles, listLedger, readHeads, verifyVersions, versionsOf } from './ledgerVersions';
import { openHead } from './openHead';
import { LEDGER_LAYERS, ReportBuilder, type Checked, type KeyTrust, type Layer } from './report';
import { verifyLedgerLocks } from './verifyRetention';

/** A ledger of which only some entries were read; all of them are in the tree of its signed root. */
export interface PartialLedger {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  /** The signed note. */
  readonly checkpoint: Buffer;
  /** The stored entries, at their place in the ledger. */
  readonly bytes: readonly Buffer[];
  /** The same entries in order, without the places between them. */
  readonly entries: readonly LedgerEntry[];
  /** Index of the entry of each snapshot. */
  readonly indexOf: ReadonlyMap<string, number>;
}

/** A ledger all of whose entries were read, and lead to its signed root. */
export interface Ledger extends PartialLedger {
  /** The entries as leaf hashes, in order. */
  readonly leaves: readonly Buffer[];
}

/** The report on the part of a ledger that was read, and this part; undefined when it cannot be relied on. */
export interface VerifiedPart {
  readonly report: LedgerReport;
  readonly ledger: PartialLedger | undefined;
}

/** Report on a ledger. */
export interface LedgerReport extends Checked {
  /** Null when there is no checkpoint by an accepted key. */
  readonly origin: string | null;
  readonly size: number;
  /** Base64. */
  readonly root: string | null;
}

export interface LedgerOptions {
  /** The keys to accept, all of one origin. */
  readonly trust: Trust;
  /** Where those keys come from. */
  readonly key: KeyTrust;
  /** Signed checkpoints that an auditor saved earlier: the ledger must continue each of them. */
  readonly knownCheckpoints?: readonly Buffer[];
  readonly maxFailures?: number | undefined;
  /** Default: they are checked where there are locks. */
  readonly locks?: 'not checked';
}

/** The report on a ledger, and the ledger itself; `ledger` is undefined when its entries do not lead to its signed root. */
export interface VerifiedLedger {
  readonly report: LedgerReport;
  readonly ledger: Ledger | undefined;
}

const REQUIRED = ['ledger checkpoint', 'ledger root'] as const;

/** What a report says when nothing from outside the bucket says how long the ledger was. */
const NO_KEPT_CHECKPOINT =
  'no checkpoint kept elsewhere was given: a history that was cut back as a whole cannot be seen (--checkpoint)';
const NO_VERSIONS =
  'a directory has no versions and no locks: a checkpoint or a tile that was replaced in the bucket cannot be seen';

/**
 * Verifies all of a ledger: every version of its checkpoint, every entry, the root they lead to, every version of every
 * tile, the locks, and that it continues the known checkpoints. A failure of the reader itself (network, credentials) is
 * thrown.
 */
export async function verifyLedger(reader: EvidenceReader, options: LedgerOptions): Promise<VerifiedLedger> {
  const report = new ReportBuilder(options.maxFailures);
  const listed = reader.listVersions && (await listLedger((prefix) => reader.listVersions!(prefix)));
  const history = judgeHeads(await readHeads(reader, listed), options.trust);
  reportHeads(report, history);
  const { largest } = history;

  const tiles = firstOfTiles(reader, listed?.tiles);
  const verified = largest && (await verifyTree(tiles, report, largest));
  if (verified) {
    const { ledger, tree } = verified;
    addProblems(
      report,
      'ledger checkpoint',
      judgeRoots(history.signed, ledger.size, (size) => tree.rootAt(size)),
    );
    if (listed) await verifyVersions(reader, report, listed, tree);
    verifyConsistency(report, ledger, tree, options);
    const newest = await readNewest(reader, ledger);
    if (newest) {
      verifyKeyOrder(report, largest, newest);
      if (options.locks !== 'not checked')
        await verifyLedgerLocks(reader, report, ledger.size, newest, (key) =>
          key === LEDGER_CHECKPOINT_KEY ? [largest.versionId] : versionsOf(key, listed),
        );
    }
  }
  noteLimits(report, reader, options);

  const layers = LEDGER_LAYERS.filter(
    (layer) =>
      (layer !== 'ledger versions' || listed !== undefined) &&
      (layer !== 'ledger retention' || reader.readLock !== undefined),
  );
  return {
    report: {
      origin: largest?.origin ?? null,
      size: largest?.size ?? 0,
      root: largest?.root.toString('base64') ?? null,
      ...report.finish(options.key, layers, REQUIRED),
    },
    ledger: verified?.ledger,
  };
}

/** The manifest of the newest snapshot, if it is the one that the ledger names; the report on the snapshot says more. */
async function readNewest(reader: EvidenceReader, { entries }: Ledger): Promise<Manifest | undefined> {
  const entry = entries.at(-1);
  const body = entry && (await reader.read(manifestKey(entry.snapshotId), undefined, MAX_MANIFEST_BYTES));
  return body && sha256Hex(body) === entry.manifestSha256 ? tryParseManifest(body) : undefined;
}

/** A ledger is signed with the newest key version: one that was retired before its newest snapshot must not sign it. */
function verifyKeyOrder(
  report: ReportBuilder,
  { key, versionId }: SignedHead,
  { snapshotId, key: own }: Manifest,
): void {
  if (key.version === null) return;
  const expected = `a signature by key version ${own.version}, which signed ${snapshotId}, or a newer one`;
  const found = key.version >= own.version ? expected : `a signature by key version ${key.version}`;
  report.check('ledger checkpoint', versionOf(LEDGER_CHECKPOINT_KEY, versionId), expected, found);
}

function reportHeads(report: ReportBuilder, { largest, problems, notes }: HeadHistory): void {
  if (largest) report.pass('ledger checkpoint');
  else if (problems.length === 0)
    report.missing('ledger checkpoint', LEDGER_CHECKPOINT_KEY, 'a signed checkpoint');
  addProblems(report, 'ledger checkpoint', problems);
  for (const note of notes) report.note(note);
}

/** Counts what is wrong with a ledger. */
export function addProblems(report: ReportBuilder, layer: Layer, problems: readonly LedgerProblem[]): void {
  for (const { kind, object, expected, found } of problems) {
    if (kind === 'invalid') report.invalid(layer, object, expected, found);
    else report.missing(layer, object, expected, found);
  }
}

/** Names what a verification cannot see. */
export function noteLimits(
  report: ReportBuilder,
  reader: EvidenceReader,
  { knownCheckpoints }: LedgerOptions,
): void {
  if (!knownCheckpoints || knownCheckpoints.length === 0) report.note(NO_KEPT_CHECKPOINT);
  if (!reader.listVersions) report.note(NO_VERSIONS);
}

/** Verifies entries, root and tiles; undefined when entries are missing, malformed or repeated, or lead to another root. */
async function verifyTree(
  reader: EvidenceReader,
  report: ReportBuilder,
  { origin, size, root, note: checkpoint }: SignedHead,
): Promise<{ readonly ledger: Ledger; readonly tree: LedgerTree } | undefined> {
  const stored = await readEntries(reader, report, size);
  if (!stored) return undefined;
  const bytes = stored.map((entry) => entry.bytes);
  const entries = stored.map((entry) => entry.parsed);
  const indexOf = new Map(entries.map(({ snapshotId }, index) => [snapshotId, index]));
  const leaves = bytes.map(leafHash);

  const tree = new LedgerTree(bytes, leaves);

  const areUnique = verifyUnique(report, stored);
  const [expected, found] = [root, tree.rootAt(size)].map((hash) => hash.toString('base64'));
  const isRoot = report.check('ledger root', LEDGER_CHECKPOINT_KEY, expected!, found!);
  await verifyTiles(reader, report, tree);
  if (!areUnique || !isRoot) return undefined;
  return { ledger: { origin, size, root, checkpoint, bytes, entries, leaves, indexOf }, tree };
}

interface StoredEntry {
  /** Key of its bundle. */
  readonly key: string;
  readonly bytes: Buffer;
  readonly parsed: LedgerEntry;
}

/** All entries; stops at the first bundle that is missing or malformed, however many entries the checkpoint claims. */
async function readEntries(
  reader: EvidenceReader,
  report: ReportBuilder,
  size: number,
): Promise<readonly StoredEntry[] | undefined> {
  const entries: StoredEntry[] = [];
  for (const { index, width } of tilesOfLevel(size, 0)) {
    const key = ledgerTileKey('entries', index, width);
    const body = await reader.read(key, undefined, MAX_BUNDLE_BYTES);
    if (!body) {
      report.missing('ledger entries', key, `${width} entries`);
      return undefined;
    }
    try {
      for (const bytes of parseBundle(body, width)) entries.push({ key, bytes, parsed: parseEntry(bytes) });
    } catch (error) {
      report.invalid('ledger entries', key, `${width} entries`, messageOf(error));
      return undefined;
    }
  }
  return entries;
}

/** A snapshot is in the ledger once: a second entry could tell another story about it. */
function verifyUnique(report: ReportBuilder, entries: readonly StoredEntry[]): boolean {
  const named = new Set<string>();
  for (const [index, { key, parsed }] of entries.entries()) {
    const expected = `one entry of ${parsed.snapshotId}`;
    const found = named.has(parsed.snapshotId) ? `another entry of ${parsed.snapshotId}` : expected;
    report.check('ledger entries', `${key}, entry ${index}`, expected, found);
    named.add(parsed.snapshotId);
  }
  return named.size === entries.length;
}

/** Every hash tile holds the hashes of the entries: a reader of tiles alone sees the same tree. */
async function verifyTiles(reader: EvidenceReader, report: ReportBuilder, tree: LedgerTree): Promise<void> {
  for (let level = 0; level < levelsOf(tree.size); level++) {
    for (const { index, width } of tilesOfLevel(tree.size, level)) {
      const key = ledgerTileKey(level, index, width);
      const body = await reader.read(key, undefined, MAX_TILE_BYTES);
      const expected = 'hashes of its entries';
      const isOwn = body && tree.content({ level, index, width })?.equals(body);
      if (!body) report.missing('ledger tiles', key, `${width} hashes`);
      else report.check('ledger tiles', key, expected, isOwn ? expected : 'other hashes');
    }
  }
}

/** The ledger begins with the tree of each known checkpoint. All leaves are known, so no proof is needed. */
function verifyConsistency(
  report: ReportBuilder,
  ledger: Ledger,
  tree: LedgerTree,
  { knownCheckpoints = [], trust }: LedgerOptions,
): void {
  for (const [index, known] of knownCheckpoints.entries()) {
    const object = `known checkpoint ${index + 1}`;
    const opened = openHead(known, trust);
    if (opened.kind !== 'signed') {
      addProblems(report, 'ledger checkpoint', [
        { ...opened, kind: opened.kind === 'invalid' ? 'invalid' : 'missing', object },
      ]);
      continue;
    }
    report.pass('ledger checkpoint');
    const { size, root } = opened.head;
    const found =
      size > ledger.size
        ? `a ledger of only ${ledger.size} entries: it was truncated`
        : describeHead(size, tree.rootAt(size));
    report.check('ledger consistency', object, describeHead(size, root), found);
  }
}
