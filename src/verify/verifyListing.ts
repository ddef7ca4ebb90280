import { SNAPSHOT_ID } from '../contract/names';
import {
  LEDGER_CHECKPOINT_KEY,
  ledgerKey,
  manifestKey,
  manifestSignatureKey,
  objectsOfLedger,
  objectsOfSnapshot,
} from '../evidence/objectKeys';
import type { EvidenceReader } from './evidenceReader';
import { foreignNote, unfinishedNote } from './foreignObject';
import { readManifest } from './readManifest';
import { LISTING_LAYERS, ReportBuilder, type Checked, type KeyTrust } from './report';
import { relateTile } from './tileComparison';
import type { Ledger } from './verifyLedger';

const MAX_LISTED = 1_000;

/**
 * Compares the objects of a directory with what ledger and manifests name. Whatever else lies there is not evidence: it is
 * named in a note and accuses nobody. The exceptions are tiles: one that contradicts the ledger is another history, and
 * one that continues it shows that a newer checkpoint is missing.
 */
export async function verifyListing(
  reader: EvidenceReader,
  listed: readonly string[],
  snapshotIds: readonly string[],
  ledger: Ledger | undefined,
  key: KeyTrust,
): Promise<Checked> {
  const report = new ReportBuilder(MAX_LISTED);
  const { named, unread } = await namesOf(reader, snapshotIds, ledger);
  const known = new Set(snapshotIds);
  const unfinished = new Map<string, number>();
  for (const object of listed) {
    const snapshotId = snapshotOf(object);
    if (named.has(object)) report.pass('listing');
    else if (object.startsWith(ledgerKey(''))) await judgeTile(reader, report, object, ledger);
    else if (snapshotId !== undefined && unread.has(snapshotId)) continue;
    else if (snapshotId !== undefined && !known.has(snapshotId))
      unfinished.set(snapshotId, (unfinished.get(snapshotId) ?? 0) + 1);
    else report.note(foreignNote(object));
  }
  for (const [snapshotId, count] of unfinished) report.note(unfinishedNote(snapshotId, count));
  return report.finish(key, LISTING_LAYERS, []);
}

/** True when manifest and signature of a snapshot are among the objects: without them it is unfinished, not evidence. */
export function isFinished(snapshotId: string, listed: ReadonlySet<string>): boolean {
  return listed.has(manifestKey(snapshotId)) && listed.has(manifestSignatureKey(snapshotId));
}

interface Names {
  /** Keys that ledger and manifests name. */
  readonly named: ReadonlySet<string>;
  /** Snapshots without a readable manifest: nothing is known about their objects, and their own report says so. */
  readonly unread: ReadonlySet<string>;
}

async function namesOf(
  reader: EvidenceReader,
  snapshotIds: readonly string[],
  ledger: Ledger | undefined,
): Promise<Names> {
  const named = new Set<string>([LEDGER_CHECKPOINT_KEY]);
  const unread = new Set<string>();
  if (ledger) for (const object of objectsOfLedger(ledger.size)) named.add(object.key);
  for (const snapshotId of snapshotIds) {
    const manifest = await readManifest(reader, snapshotId);
    if (!manifest) unread.add(snapshotId);
    for (const object of objectsOfSnapshot(snapshotId, manifest?.chunks ?? [])) named.add(object.key);
  }
  return { named, unread };
}

/** The snapshot that an object belongs to by its key; undefined for a key that no snapshot has. */
function snapshotOf(object: string): string | undefined {
  const [, snapshotId, name = ''] = /^snapshots\/([^/]+)\/(.+)$/.exec(object) ?? [];
  const isNamed = /^(chunks\/\d{6,}\.bson\.gz|manifest\.json(\.sig|\.tsr)?|checkpoint)$/.test(name);
  return snapshotId !== undefined && SNAPSHOT_ID.test(snapshotId) && isNamed ? snapshotId : undefined;
}

async function judgeTile(
  reader: EvidenceReader,
  report: ReportBuilder,
  object: string,
  ledger: Ledger | undefined,
): Promise<void> {
  // Without a readable ledger nothing is known about its tiles; the report on the ledger says that it is missing.
  if (!ledger) return;
  const relation = await relateTile(reader, object, ledger);
  if (relation === 'earlier') report.pass('listing');
  else if (relation === 'foreign') report.note(foreignNote(object));
  else if (relation === 'later')
    report.missing('listing', object, `a signed checkpoint over more than ${ledger.size} entries`);
  else report.invalid('listing', object, 'the history of this ledger', 'another history');
}
