import { messageOf } from '../errors';
import type { Trust } from '../evidence/keyStanding';
import { parseEntry, type LedgerEntry } from '../evidence/ledgerEntry';
import { MAX_CHECKPOINT_BYTES } from '../evidence/limits';
import { LEDGER_CHECKPOINT_KEY, ledgerTileKey } from '../evidence/objectKeys';
import { leafHash, rootOfLeaves } from '../tlog/merkle';
import type { Checkpoint } from '../tlog/note';
import {
  MAX_BUNDLE_BYTES,
  MAX_TILE_BYTES,
  TILE_WIDTH,
  levelsOf,
  parseBundle,
  tilesOfLevel,
} from '../tlog/tiles';
import type { EvidenceReader } from './evidenceReader';
import { openHead } from './openHead';
import { LEDGER_LAYERS, ReportBuilder, type Checked, type KeyTrust } from './report';

/** A ledger all of whose entries were read, and lead to its signed root. */
export interface Ledger {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  /** The signed note. */
  readonly checkpoint: Buffer;
  /** The entries in order: as stored, parsed, and as leaf hashes. */
  readonly bytes: readonly Buffer[];
  readonly entries: readonly LedgerEntry[];
  readonly leaves: readonly Buffer[];
  /** Index of the entry of each snapshot. */
  readonly indexOf: ReadonlyMap<string, number>;
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
}

/** The report on a ledger, and the ledger itself; `ledger` is undefined when its entries do not lead to its signed root. */
export interface VerifiedLedger {
  readonly report: LedgerReport;
  readonly ledger: Ledger | undefined;
}

const REQUIRED = ['ledger checkpoint', 'ledger root'] as const;

/**
 * Verifies all of a ledger: the signature over its checkpoint, every entry, the root they lead to, every tile, and that
 * it continues the known checkpoints. A failure of the reader itself (network, credentials) is thrown.
 */
export async function verifyLedger(reader: EvidenceReader, options: LedgerOptions): Promise<VerifiedLedger> {
  const report = new ReportBuilder(options.maxFailures);
  const checkpoint = await reader.read(LEDGER_CHECKPOINT_KEY, undefined, MAX_CHECKPOINT_BYTES);
  if (!checkpoint) report.missing('ledger checkpoint', LEDGER_CHECKPOINT_KEY, 'a signed checkpoint');

  const head = checkpoint && verifyCheckpoint(report, LEDGER_CHECKPOINT_KEY, checkpoint, options.trust);
  const ledger = checkpoint && head && (await verifyTree(reader, report, head, checkpoint));
  if (ledger) verifyConsistency(report, ledger, options);

  return {
    report: {
      origin: head?.origin ?? null,
      size: head?.size ?? 0,
      root: head?.root.toString('base64') ?? null,
      ...report.finish(options.key, LEDGER_LAYERS, REQUIRED),
    },
    ledger,
  };
}

function verifyCheckpoint(
  report: ReportBuilder,
  object: string,
  note: Buffer,
  trust: Trust,
): Checkpoint | undefined {
  const opened = openHead(note, trust);
  if (opened.kind === 'signed') {
    report.pass('ledger checkpoint');
    return opened.head;
  }
  if (opened.kind === 'invalid') report.invalid('ledger checkpoint', object, opened.expected, opened.found);
  else report.missing('ledger checkpoint', object, opened.expected, opened.found);
  return undefined;
}

/** Verifies entries, root and tiles; undefined when entries are missing, malformed or repeated, or lead to another root. */
async function verifyTree(
  reader: EvidenceReader,
  report: ReportBuilder,
  head: Checkpoint,
  checkpoint: Buffer,
): Promise<Ledger | undefined> {
  const stored = await readEntries(reader, report, head.size);
  if (!stored) return undefined;
  const bytes = stored.map((entry) => entry.bytes);
  const entries = stored.map((entry) => entry.parsed);
  const indexOf = new Map(entries.map(({ snapshotId }, index) => [snapshotId, index]));
  const leaves = bytes.map(leafHash);

  const areUnique = verifyUnique(report, stored);
  const [expected, found] = [head.root, rootOfLeaves(leaves)].map((root) => root.toString('base64'));
  const isRoot = report.check('ledger root', LEDGER_CHECKPOINT_KEY, expected!, found!);
  await verifyTiles(reader, report, leaves);
  return areUnique && isRoot ? { ...head, checkpoint, bytes, entries, leaves, indexOf } : undefined;
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
async function verifyTiles(
  reader: EvidenceReader,
  report: ReportBuilder,
  leaves: readonly Buffer[],
): Promise<void> {
  let hashes = leaves;
  for (let level = 0; level < levelsOf(leaves.length); level++) {
    const parents: Buffer[] = [];
    for (const { index, width } of tilesOfLevel(leaves.length, level)) {
      const own = hashes.slice(index * TILE_WIDTH, index * TILE_WIDTH + width);
      if (width === TILE_WIDTH) parents.push(rootOfLeaves(own));
      const key = ledgerTileKey(level, index, width);
      const body = await reader.read(key, undefined, MAX_TILE_BYTES);
      const expected = 'hashes of its entries';
      if (!body) report.missing('ledger tiles', key, `${width} hashes`);
      else
        report.check(
          'ledger tiles',
          key,
          expected,
          Buffer.concat(own).equals(body) ? expected : 'other hashes',
        );
    }
    hashes = parents;
  }
}

/** The ledger begins with the tree of each known checkpoint. All leaves are known, so no proof is needed. */
function verifyConsistency(report: ReportBuilder, ledger: Ledger, options: LedgerOptions): void {
  for (const [index, known] of (options.knownCheckpoints ?? []).entries()) {
    const object = `known checkpoint ${index + 1}`;
    const head = verifyCheckpoint(report, object, known, options.trust);
    if (!head) continue;
    const found =
      head.size > ledger.size
        ? `a ledger of only ${ledger.size} entries: it was truncated`
        : describeHead(head.size, rootOfLeaves(ledger.leaves.slice(0, head.size)));
    report.check('ledger consistency', object, describeHead(head.size, head.root), found);
  }
}

function describeHead(size: number, root: Buffer): string {
  return `size ${size}, root ${root.toString('base64')}`;
}
