import { messageOf } from '../errors';
import { parseCheckpoint, type Checkpoint } from '../tlog/checkpoint';
import type { EvidenceReader } from './evidenceReader';
import { parseEntry, type LedgerEntry } from '../evidence/ledgerEntry';
import { MAX_ENTRY_BYTES } from '../tlog/tiles';
import { rootOfFull } from '../tlog/tree';
import { LEDGER_CHECKPOINT_KEY, ledgerTileKey } from '../evidence/objectKeys';
import { HASH_BYTES, RangeBuilder, emptyRange, leafHash, rootOf } from '../tlog/merkle';
import { verifyNote } from '../tlog/note';
import { TILE_WIDTH, levelsOf, parseBundle, tilesOfLevel } from '../tlog/tiles';
import { pinnedKeys, type TrustFile } from '../evidence/trustFile';
import { LEDGER_LAYERS, ReportBuilder, type Checked } from './report';

/** A ledger whose entries were read as a whole. */
export interface Ledger {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  /** The signed checkpoint. */
  readonly checkpoint: Buffer;
  /** The entries as stored, and parsed, in order. */
  readonly bytes: readonly Buffer[];
  readonly entries: readonly LedgerEntry[];
  readonly leaves: readonly Buffer[];
  /** Place of each snapshot. */
  readonly indexOf: ReadonlyMap<string, number>;
}

/** Report on a ledger; `ledger` is there when all its entries could be read and lead to the signed root. */
export interface LedgerReport extends Checked {
  readonly origin: string | null;
  readonly size: number;
  /** Base64. */
  readonly root: string | null;
}

export interface LedgerOptions {
  /** Keys to accept, of one origin; see `key`. */
  readonly trust: TrustFile;
  readonly key: Checked['key'];
  /** Signed checkpoints that an auditor kept: the ledger must continue each of them. */
  readonly knownCheckpoints?: readonly Buffer[];
  readonly maxFailures?: number;
}

const MAX_CHECKPOINT_BYTES = 1 << 16;
/** More snapshots than one a second over a century are no ledger. */
const MAX_LEDGER_SIZE = 2 ** 32;
const REQUIRED = ['ledger checkpoint', 'ledger root'] as const;

/**
 * Reads and verifies a whole ledger from its tiles: the signature, every entry, every tile, the root, and that it
 * continues the checkpoints that were kept. What cannot be read for another reason (network) is thrown.
 */
export async function verifyLedger(
  reader: EvidenceReader,
  options: LedgerOptions,
): Promise<{ report: LedgerReport; ledger: Ledger | undefined }> {
  const report = new ReportBuilder(options.maxFailures ?? 20);
  const stored = await reader.read(LEDGER_CHECKPOINT_KEY, undefined, MAX_CHECKPOINT_BYTES);
  if (!stored) report.missing('ledger checkpoint', LEDGER_CHECKPOINT_KEY, 'a signed checkpoint');
  const head = stored && openHead(report, LEDGER_CHECKPOINT_KEY, stored, options);
  const ledger = head && (await readTree(reader, report, head, stored));
  if (ledger)
    for (const [place, kept] of (options.knownCheckpoints ?? []).entries())
      verifyKept(report, ledger, kept, place, options);
  const facts = {
    origin: head?.origin ?? null,
    size: head?.size ?? 0,
    root: head?.root.toString('base64') ?? null,
  };
  return { report: { ...facts, ...report.finish(options.key, LEDGER_LAYERS, REQUIRED) }, ledger };
}

/** The tree head in a note that one of the keys signed under their origin. */
export function openCheckpoint(note: Buffer, name: string, keys: readonly Buffer[]): Checkpoint | undefined {
  for (const key of keys) {
    const text = verifyNote(note, name, key);
    const head = text === undefined ? undefined : parseCheckpoint(text);
    if (head?.origin === name) return head;
  }
  return undefined;
}

function openHead(
  report: ReportBuilder,
  object: string,
  note: Buffer,
  { trust }: LedgerOptions,
): Checkpoint | undefined {
  const expected = `a checkpoint of ${trust.origin}, signed by a key of the trust file`;
  let head: Checkpoint | undefined;
  let found = 'no signature by such a key';
  try {
    head = openCheckpoint(note, trust.origin, pinnedKeys(trust));
    if (head && head.size > MAX_LEDGER_SIZE) {
      found = `a checkpoint over ${head.size} entries`;
      head = undefined;
    }
  } catch (error) {
    found = messageOf(error);
  }
  report.check('ledger checkpoint', object, expected, head ? expected : found);
  return head;
}

async function readTree(
  reader: EvidenceReader,
  report: ReportBuilder,
  head: Checkpoint,
  checkpoint: Buffer,
): Promise<Ledger | undefined> {
  const bytes: Buffer[] = [];
  const entries: LedgerEntry[] = [];
  const indexOf = new Map<string, number>();
  let whole = true;
  for (const { index, width } of tilesOfLevel(head.size, 0)) {
    const key = ledgerTileKey('entries', index, width);
    const body = await reader.read(key, undefined, TILE_WIDTH * (MAX_ENTRY_BYTES + 2));
    if (!body) {
      report.missing('ledger entries', key, `${width} entries`);
      // Whoever claims many entries and has none is not asked for each of them.
      return undefined;
    }
    try {
      for (const entry of parseBundle(body, width)) {
        const parsed = parseEntry(entry);
        const place = bytes.push(entry) - 1;
        entries.push(parsed);
        whole =
          report.check(
            'ledger entries',
            `${key}, entry ${place}`,
            `one entry of ${parsed.snapshotId}`,
            `${indexOf.has(parsed.snapshotId) ? 'another' : 'one'} entry of ${parsed.snapshotId}`,
          ) && whole;
        indexOf.set(parsed.snapshotId, place);
      }
    } catch (error) {
      const found = messageOf(error);
      report.fail({
        layer: 'ledger entries',
        kind: 'invalid',
        object: key,
        expected: `${width} entries`,
        found,
      });
      return undefined;
    }
  }
  const leaves = bytes.map(leafHash);
  const holds = report.check(
    'ledger root',
    LEDGER_CHECKPOINT_KEY,
    head.root.toString('base64'),
    rootOfLeaves(leaves).toString('base64'),
  );
  await verifyTiles(reader, report, leaves);
  return holds && whole ? { ...head, checkpoint, bytes, entries, leaves, indexOf } : undefined;
}

/** Every hash tile says what the entries say; auditors who read tiles alone see the same tree. */
async function verifyTiles(
  reader: EvidenceReader,
  report: ReportBuilder,
  leaves: readonly Buffer[],
): Promise<void> {
  let hashes = leaves;
  for (let level = 0; level < levelsOf(leaves.length); level++) {
    const above: Buffer[] = [];
    for (const { index, width } of tilesOfLevel(leaves.length, level)) {
      const own = hashes.slice(index * TILE_WIDTH, index * TILE_WIDTH + width);
      const key = ledgerTileKey(level, index, width);
      const body = await reader.read(key, undefined, TILE_WIDTH * HASH_BYTES);
      if (!body) report.missing('ledger tiles', key, `${width} hashes`);
      else {
        const same = Buffer.concat(own).equals(body);
        report.check(
          'ledger tiles',
          key,
          'hashes of its entries',
          same ? 'hashes of its entries' : 'other hashes',
        );
      }
      if (width === TILE_WIDTH) above.push(rootOfFull(own));
    }
    hashes = above;
  }
}

function verifyKept(
  report: ReportBuilder,
  { size, leaves }: Ledger,
  kept: Buffer,
  place: number,
  options: LedgerOptions,
): void {
  const object = `kept checkpoint ${place + 1}`;
  const head = openHead(report, object, kept, options);
  if (!head) return;
  const expected = `size ${head.size}, root ${head.root.toString('base64')}`;
  const found =
    head.size > size
      ? `a ledger of only ${size} entries: it was cut back`
      : `size ${head.size}, root ${rootOfLeaves(leaves.slice(0, head.size)).toString('base64')}`;
  report.check('ledger consistency', object, expected, found);
}

export function rootOfLeaves(leaves: readonly Buffer[]): Buffer {
  const range = new RangeBuilder(emptyRange(0));
  for (const leaf of leaves) range.appendLeaf(leaf);
  return rootOf(range.range());
}
