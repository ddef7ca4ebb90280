import { createHash } from 'node:crypto';
import { boundsOf, overlaps } from '../contract/window';
import type { SealedAcknowledgement } from '../evidence/acknowledgement';
import type { Manifest } from '../evidence/manifest';
import { manifestKey } from '../evidence/objectKeys';
import { noFindings } from '../evidence/recordFinding';
import type { EvidenceReader } from './evidenceReader';
import { fetchChunk } from './fetchChunk';
import { IdSet } from './idSet';
import { lateWindowsOf } from './lateWindows';
import { readAhead } from './readAhead';
import { skipChunk, type OverlappingIds, type RecordTally } from './recordTally';
import type { ReportBuilder } from './report';
import { scanChunk, type ChunkScanner } from './scanChunk';
import { verifyChunk } from './verifyChunk';
import type { PartialLedger } from './verifyLedger';

export interface RecordOptions {
  /** The ledger that must hold the snapshot; null when it could not be read. Undefined: the snapshot is checked alone. */
  readonly ledger?: PartialLedger | null;
  /** The ids of other snapshots with overlapping windows: no record of this snapshot may be in them. */
  readonly others?: readonly OverlappingIds[];
  /** Reads only the chunks for which it returns true; the others make the snapshot INCOMPLETE. Undefined: all. */
  readonly choose?: ((chunkIndex: number) => boolean) | undefined;
  /** What scans the chunks; undefined: this thread, one chunk at a time. The report is the same. */
  readonly scanner?: ChunkScanner | undefined;
  readonly onProgress?: (records: number, total: number) => void;
}

const IN_THIS_THREAD: ChunkScanner = { width: 1, minRecords: 0, scan: scanChunk };
/** Stored bytes of chunks that are fetched at once, as the manifest gives them; one chunk may have more. */
const MAX_FETCHED_BYTES = 32 * 1024 * 1024;

/**
 * Verifies the records of a snapshot, few chunks in memory at a time, and what the manifest says about all of them. Returns
 * the acknowledgements of findings among them.
 */
export async function verifyRecords(
  reader: EvidenceReader,
  report: ReportBuilder,
  manifest: Manifest,
  { ledger, others, choose, onProgress, ...options }: RecordOptions,
): Promise<readonly SealedAcknowledgement[]> {
  const isSmall = manifest.recordCount < (options.scanner?.minRecords ?? 0);
  const scanner = (isSmall ? undefined : options.scanner) ?? IN_THIS_THREAD;
  const tally: RecordTally = {
    bounds: boundsOf(manifest.window),
    known: new Map(manifest.findings.records.map(({ index, kind }) => [index, kind])),
    late: ledger && 'leaves' in ledger ? lateWindowsOf(ledger, manifest) : undefined,
    others: others ?? [],
    digest: createHash('sha256'),
    isComplete: true,
    findings: { counts: noFindings(), records: [] },
    lateCount: 0,
    acknowledgements: [],
    ids: new IdSet(),
    previous: undefined,
  };
  const fetch = async (chunk: Manifest['chunks'][number]) =>
    choose?.(chunk.index) === false
      ? ('not chosen' as const)
      : fetchChunk(reader, scanner, manifest, chunk, tally.late);
  const limits = {
    count: scanner.width,
    size: MAX_FETCHED_BYTES,
    sizeOf: ({ bytes }: { bytes: number }) => bytes,
  };
  for await (const [chunk, fetched] of readAhead(manifest.chunks, fetch, limits)) {
    if (fetched === 'not chosen') {
      skipChunk(tally);
      continue;
    }
    await verifyChunk(report, manifest, chunk, tally, fetched);
    onProgress?.(chunk.begin + chunk.count, manifest.recordCount);
  }

  // parseManifest has folded the nodes of the chunks to the root of the manifest.
  report.pass('roots');
  verifyLateSnapshots(report, manifest, tally, ledger);
  if (!others) noteOverlaps(report, manifest, ledger);
  if (tally.isComplete) verifyTotals(report, manifest, tally);
  return tally.acknowledgements;
}

/** The manifest names exactly the snapshots that had sealed a part of its window before. */
function verifyLateSnapshots(
  report: ReportBuilder,
  manifest: Manifest,
  { late }: RecordTally,
  ledger: PartialLedger | null | undefined,
): void {
  if (!late) {
    const isPartial = ledger?.indexOf.has(manifest.snapshotId) === true;
    const reason = isPartial
      ? 'not all entries of the ledger before it were read'
      : 'no ledger that names the snapshot was read';
    report.note(`${manifest.snapshotId}: late records were not checked, because ${reason}`);
    return;
  }
  const object = manifestKey(manifest.snapshotId);
  const [expected, found] = [late, manifest.late].map(
    ({ snapshots }) => `late.snapshots [${snapshots.join(', ')}]`,
  );
  report.check('late records', object, expected!, found!);
}

/** Two snapshots may hold one record, which only a verification of both can find. */
function noteOverlaps(
  report: ReportBuilder,
  { snapshotId, window }: Manifest,
  ledger: PartialLedger | null | undefined,
): void {
  const overlapping = (ledger?.entries ?? []).filter(
    (entry) => entry.snapshotId !== snapshotId && entry.recordCount > 0 && overlaps(entry.window, window),
  );
  if (overlapping.length === 0) return;
  report.note(
    `${snapshotId}: its records were not compared with those of ${overlapping.length} snapshots with overlapping windows; a verification of all evidence does that`,
  );
}

function verifyTotals(report: ReportBuilder, manifest: Manifest, tally: RecordTally): void {
  const object = manifestKey(manifest.snapshotId);
  report.check('log digest', object, manifest.logHashDigest, tally.digest.digest('hex'));
  report.check('record hashes', object, JSON.stringify(manifest.findings), JSON.stringify(tally.findings));
  if (!tally.late) return;
  const [expected, found] = [tally.lateCount, manifest.late.recordCount].map(
    (count) => `late.recordCount ${count}`,
  );
  report.check('late records', object, expected!, found!);
}
