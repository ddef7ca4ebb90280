import type { Manifest } from '../evidence/manifest';
import { MAX_LISTED_FINDINGS } from '../evidence/limits';
import { comparePositions } from '../evidence/recordOrder';
import { FINGERPRINT_WORDS as WORDS } from './idFingerprint';
import { addAcknowledgement, describeRecords, type RecordTally } from './recordTally';
import type { ReportBuilder } from './report';
import type { ScannedRecords } from './scanChunk';

type Chunk = Manifest['chunks'][number];

/**
 * Counts a scanned chunk at once, if no check of it fails: `taken`. Otherwise it must be read record by record, and nothing is
 * counted; the offsets of records whose id the snapshot has already are returned when all ids of the chunk were added.
 */
export function takeScanned(
  report: ReportBuilder,
  { snapshotId, findings }: Manifest,
  chunk: Chunk,
  tally: RecordTally,
  scanned: ScannedRecords,
): 'taken' | 'not taken' | ReadonlySet<number> {
  if (!fits(chunk, tally, scanned) || !areKnown(findings, chunk, tally, scanned)) return 'not taken';
  const repeated = addIds(tally, scanned.fingerprints);
  if (repeated) return repeated;

  for (const { kind, offset, id } of scanned.findings) {
    tally.findings.counts[kind]++;
    if (tally.findings.records.length < MAX_LISTED_FINDINGS)
      tally.findings.records.push({ kind, index: chunk.begin + offset, id });
  }
  for (const given of scanned.acknowledgements) addAcknowledgement(tally, { ...given, sealedIn: snapshotId });
  tally.digest.update(scanned.hashTexts);
  tally.lateCount += scanned.lateCount;
  tally.previous = scanned.last;
  report.pass('records', chunk.count);
  report.pass('record hashes', chunk.count);
  report.pass('chunks');
  report.pass('roots');
  return 'taken';
}

/** Ends, nodes and place of the chunk. */
function fits(
  { count, first, last, nodes }: Chunk,
  { previous }: RecordTally,
  scanned: ScannedRecords,
): boolean {
  if (nodes.join(' ') !== scanned.nodes.join(' ')) return false;
  if (describeRecords(count, first, last) !== describeRecords(count, scanned.first, scanned.last))
    return false;
  try {
    return !previous || comparePositions(previous, scanned.first) < 0;
  } catch {
    // A malformed id; reading record by record reports it.
    return false;
  }
}

/** The findings are those that the manifest lists; of more than it can list only the counts are compared, at the end. */
function areKnown(
  listed: Manifest['findings'],
  { begin, count }: Chunk,
  { known }: RecordTally,
  { findings }: ScannedRecords,
): boolean {
  if (known.size === 0) return findings.length === 0;
  const isCapped = known.size >= MAX_LISTED_FINDINGS;
  const found = new Map(findings.map(({ offset, kind }) => [begin + offset, kind]));
  for (const [index, kind] of found)
    if (known.get(index) !== kind && !(isCapped && !known.has(index))) return false;
  return listed.records.every(({ index }) => index < begin || index >= begin + count || found.has(index));
}

/** Adds the ids, and returns the offsets of those that are sealed already, here or in another snapshot. */
function addIds({ ids, others }: RecordTally, fingerprints: Uint32Array): ReadonlySet<number> | undefined {
  const repeated = new Set<number>();
  let isElsewhere = false;
  for (let at = 0; at < fingerprints.length; at += WORDS) {
    const a = fingerprints[at]!;
    const b = fingerprints[at + 1]!;
    const c = fingerprints[at + 2]!;
    if (!ids.addFingerprint(a, b, c)) repeated.add(at / WORDS);
    for (const other of others) isElsewhere ||= other.ids.hasFingerprint(a, b, c);
  }
  return repeated.size > 0 || isElsewhere ? repeated : undefined;
}
