import { isSnapshotError, messageOf } from '../errors';
import { parseEntry, type LedgerEntry } from '../evidence/ledgerEntry';
import { LEDGER_CHECKPOINT_KEY, ledgerTileKey } from '../evidence/objectKeys';
import { RangeBuilder, leafHash, rootOf } from '../tlog/merkle';
import type { Checkpoint } from '../tlog/note';
import { rootOfInclusion, verifyConsistency } from '../tlog/proof';
import { TILE_WIDTH } from '../tlog/tiles';
import type { EvidenceReader } from './evidenceReader';
import { describeHead, judgeHeads, versionOf, type SignedHead } from './judgeHeads';
import { firstOfTiles, listNewTiles, readHeadsSince, verifySingle } from './ledgerVersions';
import { openHead } from './openHead';
import { LEDGER_LAYERS, ReportBuilder, type Layer } from './report';
import { TiledTree } from './tiledTree';
import {
  addProblems,
  noteLimits,
  type LedgerOptions,
  type PartialLedger,
  type VerifiedPart,
} from './verifyLedger';

export interface SinceOptions extends LedgerOptions {
  /** A checkpoint of the ledger that was verified before, and kept elsewhere. */
  readonly kept: Buffer;
  /** Indices of entries before the kept size whose snapshots are verified again. */
  readonly recheck: (keptSize: number) => readonly number[];
}

const REQUIRED = ['ledger checkpoint', 'ledger root', 'ledger consistency'] as const;

/**
 * Verifies what a ledger has beyond a kept checkpoint: every newer version of its checkpoint, the new entries, and from a
 * few tiles that the ledger still begins with the kept one. Earlier entries are read only where they are checked again;
 * each of them must be proven to be in the tree.
 */
export async function verifyLedgerSince(
  reader: EvidenceReader,
  options: SinceOptions,
): Promise<VerifiedPart> {
  const report = new ReportBuilder(options.maxFailures);
  const kept = openHead(options.kept, options.trust);
  let largest: SignedHead | undefined;
  let ledger: PartialLedger | undefined;
  if (kept.kind !== 'signed')
    addProblems(report, 'ledger checkpoint', [
      { ...kept, kind: kept.kind === 'invalid' ? 'invalid' : 'missing', object: 'kept checkpoint' },
    ]);
  else {
    const history = judgeHeads(await readHeadsSince(reader, options.kept), options.trust);
    ({ largest } = history);
    if (largest) report.pass('ledger checkpoint');
    else if (history.problems.length === 0)
      report.missing('ledger checkpoint', LEDGER_CHECKPOINT_KEY, 'a signed checkpoint');
    addProblems(report, 'ledger checkpoint', history.problems);
    for (const note of history.notes) report.note(note);
    if (largest) ledger = await continueFrom(reader, report, kept.head, largest, history.signed, options);
  }
  noteLimits(report, reader, { ...options, knownCheckpoints: [options.kept] });

  const hasVersions = reader.listVersions !== undefined;
  const layers = LEDGER_LAYERS.filter(
    (layer) => layer !== 'ledger retention' && (layer !== 'ledger versions' || hasVersions),
  );
  return {
    report: {
      origin: largest?.origin ?? null,
      size: largest?.size ?? 0,
      root: largest?.root.toString('base64') ?? null,
      ...report.finish(options.key, layers, REQUIRED),
    },
    ledger,
  };
}

/** What is missing or malformed among the tiles is one failure of the step that needs it. */
async function attempt(
  report: ReportBuilder,
  layer: Layer,
  object: string,
  run: () => Promise<void>,
): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    if (isSnapshotError(error, 'EVIDENCE_INCOMPLETE'))
      report.missing(layer, object, 'tiles', messageOf(error));
    else if (isSnapshotError(error, 'EVIDENCE_MALFORMED'))
      report.invalid(layer, object, 'tiles', messageOf(error));
    else throw error;
    return false;
  }
}

async function continueFrom(
  reader: EvidenceReader,
  report: ReportBuilder,
  kept: Checkpoint,
  largest: SignedHead,
  signed: readonly SignedHead[],
  options: SinceOptions,
): Promise<PartialLedger | undefined> {
  if (kept.size > largest.size) {
    const found = `a ledger of only ${largest.size} entries: it was truncated`;
    report.invalid('ledger consistency', 'kept checkpoint', describeHead(kept.size, kept.root), found);
    return undefined;
  }
  const listed = await listNewTiles(reader, kept.size, largest.size);
  const tree = new TiledTree(firstOfTiles(reader, listed), largest.size);
  await verifyHeads(report, tree, largest, kept, signed, options);
  const ledger = new EntriesRead(largest);
  const isRead = await attempt(report, 'ledger root', LEDGER_CHECKPOINT_KEY, () =>
    readNew(report, tree, kept, largest, ledger),
  );
  if (!isRead) return undefined;
  await attempt(report, 'ledger entries', 'entries that are checked again', () =>
    readAgain(report, tree, largest, options.recheck(kept.size), ledger),
  );
  if (listed) await verifySingle(reader, report, listed);
  return ledger.partial();
}

/** Consistency proofs from the kept checkpoint, and from every other signed head, to the largest one. */
async function verifyHeads(
  report: ReportBuilder,
  tree: TiledTree,
  largest: SignedHead,
  kept: Checkpoint,
  signed: readonly SignedHead[],
  { knownCheckpoints = [], trust }: SinceOptions,
): Promise<void> {
  const others = signed.map((head) => [versionOf(LEDGER_CHECKPOINT_KEY, head.versionId), head] as const);
  const known = knownCheckpoints.flatMap((note, index) => {
    const opened = openHead(note, trust);
    const object = `known checkpoint ${index + 1}`;
    if (opened.kind === 'signed') return [[object, opened.head] as const];
    addProblems(report, 'ledger checkpoint', [
      { ...opened, kind: opened.kind === 'invalid' ? 'invalid' : 'missing', object },
    ]);
    return [];
  });
  for (const [object, head] of [['kept checkpoint', kept] as const, ...known, ...others])
    await attempt(report, 'ledger consistency', object, async () => {
      const isLonger = head.size > largest.size;
      const holds = !isLonger && verifyConsistency(head, largest, await tree.consistency(head.size));
      const expected = `the beginning of a ledger of ${describeHead(largest.size, largest.root)}`;
      const other = isLonger
        ? 'a longer ledger: it was truncated'
        : `another history: ${describeHead(head.size, head.root)}`;
      report.check('ledger consistency', object, expected, holds ? expected : other);
    });
}

/** Reads the entries from the kept size on: with the kept tree before them, they must lead to the signed root. */
async function readNew(
  report: ReportBuilder,
  tree: TiledTree,
  kept: Checkpoint,
  largest: SignedHead,
  ledger: EntriesRead,
): Promise<void> {
  const range = new RangeBuilder(await tree.range(kept.size));
  for (let index = Math.floor(kept.size / TILE_WIDTH); index * TILE_WIDTH < largest.size; index++) {
    const [entries, leaves] = [await tree.entries(index), await tree.leaves(index)];
    for (const [offset, bytes] of entries.entries()) {
      const position = index * TILE_WIDTH + offset;
      const leaf = leafHash(bytes);
      if (!leaf.equals(leaves[offset]!)) reportOther(report, position);
      if (position < kept.size) continue;
      range.appendLeaf(leaf);
      addEntry(report, ledger, position, bytes);
    }
  }
  const found = rootOf(range.range()).toString('base64');
  report.check('ledger root', LEDGER_CHECKPOINT_KEY, largest.root.toString('base64'), found);
}

/** An earlier entry counts when a proof leads from it to the signed root. */
async function readAgain(
  report: ReportBuilder,
  tree: TiledTree,
  { size, root }: Checkpoint,
  indices: readonly number[],
  ledger: EntriesRead,
): Promise<void> {
  for (const position of indices) {
    const entries = await tree.entries(Math.floor(position / TILE_WIDTH));
    const bytes = entries[position % TILE_WIDTH]!;
    const path = await tree.inclusion(position);
    if (rootOfInclusion(leafHash(bytes), position, size, path)?.equals(root))
      addEntry(report, ledger, position, bytes);
    else reportOther(report, position);
  }
}

function addEntry(report: ReportBuilder, ledger: EntriesRead, position: number, bytes: Buffer): void {
  const object = `ledger entry ${position}`;
  try {
    const entry = parseEntry(bytes);
    const expected = `one entry of ${entry.snapshotId}`;
    const isNew = ledger.add(position, bytes, entry);
    report.check(
      'ledger entries',
      object,
      expected,
      isNew ? expected : `another entry of ${entry.snapshotId}`,
    );
  } catch (error) {
    report.invalid('ledger entries', object, 'a ledger entry', messageOf(error));
  }
}

function reportOther(report: ReportBuilder, position: number): void {
  const key = ledgerTileKey('entries', Math.floor(position / TILE_WIDTH), TILE_WIDTH);
  report.invalid(
    'ledger entries',
    `${key}, entry ${position}`,
    'an entry of the signed tree',
    'another entry',
  );
}

/** The entries that were read, by their place in the ledger. */
class EntriesRead {
  readonly #head: SignedHead;
  readonly #bytes: Buffer[] = [];
  readonly #entries = new Map<number, LedgerEntry>();
  readonly #indexOf = new Map<string, number>();

  constructor(head: SignedHead) {
    this.#head = head;
  }

  /** False for a snapshot that has an entry already. */
  add(position: number, bytes: Buffer, entry: LedgerEntry): boolean {
    const known = this.#indexOf.get(entry.snapshotId);
    if (known !== undefined) return known === position;
    this.#bytes[position] = bytes;
    this.#entries.set(position, entry);
    this.#indexOf.set(entry.snapshotId, position);
    return true;
  }

  partial(): PartialLedger {
    const { origin, size, root, note: checkpoint } = this.#head;
    const entries = [...this.#entries].toSorted(([left], [right]) => left - right).map(([, entry]) => entry);
    return { origin, size, root, checkpoint, bytes: this.#bytes, indexOf: this.#indexOf, entries };
  }
}
