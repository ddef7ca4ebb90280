/**
 * This folder judges evidence: it needs the stored objects and the keys that an auditor pinned, and nothing of the system
 * that sealed them.
 *
 * - `verifyEvidence.ts` checks everything at once: the ledger, its snapshots, log time without gaps, stray objects.
 * - `verifyLedger.ts` checks the ledger; `verifySnapshot.ts` one snapshot, with `verifyChunk.ts` for its records and
 *   `verifyRetention.ts` for its locks; `verifyListing.ts` that a directory holds nothing else.
 * - `proveRecord.ts` makes a proof of one record, and `verifyProof.ts` checks it.
 * - `coverage.ts` says which log time is sealed. `auditDrift.ts` compares the live log with what was sealed.
 *
 * Each verifier counts its checks in a `ReportBuilder`, and the verdict follows from the counts: a check that failed is
 * NOT VERIFIED, an object that is missing or a layer without checks is INCOMPLETE, and keys that were taken from the
 * evidence itself are never VERIFIED. A failure of reading is thrown: it says nothing about the evidence.
 */
import { overlaps, type Window } from '../contract/window';
import type { Trust } from '../evidence/keyStanding';
import type { TrustFile } from '../evidence/trustFile';
import { noteAcknowledged } from './acknowledgedFindings';
import { listSnapshots, noteUnfinished } from './bucketSnapshots';
import { ORIGIN_NOT_PINNED, chooseTrust, type PinnedKey } from './chooseTrust';
import { coverageOf } from './coverage';
import type { EvidenceReader } from './evidenceReader';
import { OverlappingSnapshots } from './overlappingSnapshots';
import {
  COVERAGE_LAYERS,
  ReportBuilder,
  headlineOf,
  isSigned,
  limitNotes,
  worstVerdict,
  type Checked,
  type KeyTrust,
  type Questions,
  type Verdict,
} from './report';
import type { ChunkScanner } from './scanChunk';
import { verifyLedger, type Ledger, type LedgerReport, type VerifiedLedger } from './verifyLedger';
import { isFinished, verifyListing } from './verifyListing';
import { verifySnapshot, type SnapshotReport } from './verifySnapshot';

export interface EvidenceOptions {
  /** The pinned keys, or one pinned key. Undefined: keys are taken from the evidence itself, and nothing is VERIFIED. */
  readonly trust: TrustFile | PinnedKey | undefined;
  /** Only these snapshots. Undefined: every one that is found, and every one that the ledger names. */
  readonly snapshotIds?: readonly string[];
  /** Snapshots that have objects, whether or not the ledger names them. */
  readonly found: readonly string[];
  /** Every object of a directory: ledger or manifests must name each. Undefined: the source cannot be listed. */
  readonly listed?: readonly string[];
  /** Log time that must be covered without a gap; snapshots outside of it are not verified. */
  readonly within?: Window;
  /** Signed checkpoints of the ledger that it must continue. */
  readonly knownCheckpoints?: readonly Buffer[];
  /** Of each snapshot only these chunks; see {@link verifySnapshot}. */
  readonly choose?: (chunkIndex: number) => boolean;
  /** What scans the chunks; see {@link verifySnapshot}. */
  readonly scanner?: ChunkScanner;
  /** Failures that each report lists; all are counted. Default 20. */
  readonly maxFailures?: number;
  readonly onLedger?: (report: LedgerReport) => void;
  readonly onSnapshot?: (report: SnapshotReport) => void;
  readonly onProgress?: (snapshotId: string, records: number, total: number) => void;
}

/** Every report, and the verdicts that follow from them. It is printed as JSON, so its members are public names. */
export interface EvidenceReport {
  /** The worst verdict of the questions that were asked. */
  readonly verdict: Verdict;
  /** This function never asks for the live log. */
  readonly questions: Questions;
  readonly key: KeyTrust;
  readonly ledger: LedgerReport;
  readonly snapshots: readonly SnapshotReport[];
  /** Whether the log time that was asked for is covered; null when none was. */
  readonly coverage: Checked | null;
  /** Whether a directory holds only objects that ledger and manifests name; null when it was not listed. */
  readonly listing: Checked | null;
  /** The notes of all reports, each once. */
  readonly notes: readonly string[];
}

/** The report, and the ledger that was read for it; `ledger` is undefined when its entries do not lead to its signed root. */
export interface VerifiedEvidence {
  readonly report: EvidenceReport;
  readonly ledger: Ledger | undefined;
}

/** Gaps in log time that are listed. */
const MAX_GAPS = 1_000;
const MAX_NOTES = 1_000;

/**
 * Verifies the ledger and the snapshots that belong to it. A snapshot that the ledger names and that is missing is
 * INCOMPLETE, and so is one that the ledger does not name: an omission on either side shows.
 */
export async function verifyEvidence(
  reader: EvidenceReader,
  given: EvidenceOptions,
): Promise<VerifiedEvidence> {
  // Before the ledger: what is appended to it meanwhile was listed before.
  const bucket = given.snapshotIds || given.listed ? undefined : await listSnapshots(reader);
  const options = bucket ? { ...given, found: bucket.finished } : given;
  const { knownCheckpoints = [], maxFailures, within } = options;
  const key: KeyTrust = options.trust ? 'pinned' : 'self-asserted';
  const trust = await chooseTrust(reader, options.trust, options.snapshotIds ?? options.found);

  const verified = await verifyLedger(reader, { trust, key, knownCheckpoints, maxFailures });
  const { ledger } = verified;
  options.onLedger?.(verified.report);
  const chosen = chooseSnapshots(ledger, options);
  const verifiedSnapshots = await verifySnapshots(reader, options, chosen, trust, ledger);
  const acknowledged = await noteAcknowledged(reader, ledger?.entries ?? [], verifiedSnapshots);
  const { snapshots } = acknowledged;
  const coverage = within ? verifyCoverage(verified, snapshots, within, key) : null;
  const listing =
    options.listed && !options.snapshotIds
      ? await verifyListing(
          reader,
          options.listed,
          [...new Set([...namedBy(ledger), ...chosen])],
          ledger,
          key,
        )
      : null;

  const parts = [verified.report, ...snapshots, ...(listing ? [listing] : [])];
  const questions: Questions = {
    evidence: worstVerdict(parts.map((part) => part.verdict)),
    coverage: coverage?.verdict ?? 'not asked',
    live: 'not asked',
  };
  const notes = [...parts, ...(coverage ? [coverage] : [])].flatMap((part) => part.notes);
  notes.push(...acknowledged.notes);
  if (!coverage && ledger) notes.push(...gapNotes(ledger));
  if (options.trust && !('keys' in options.trust) && options.trust.origin === undefined)
    notes.push(ORIGIN_NOT_PINNED);
  if (bucket) notes.push(...noteUnfinished(bucket, new Set(namedBy(ledger))));
  const verdict = headlineOf(questions);
  const report = { verdict, questions, key, ledger: verified.report, snapshots, coverage, listing };
  return { report: { ...report, notes: limitNotes(notes, MAX_NOTES) }, ledger };
}

async function verifySnapshots(
  reader: EvidenceReader,
  options: EvidenceOptions,
  chosen: readonly string[],
  trust: Trust,
  ledger: Ledger | undefined,
): Promise<SnapshotReport[]> {
  const reports: SnapshotReport[] = [];
  const named = chosen.flatMap((id) => ledger?.entries[ledger.indexOf.get(id) ?? -1] ?? []);
  const overlapping = new OverlappingSnapshots(reader, named);
  const isWhole = !options.snapshotIds && !options.choose;
  for (const snapshotId of chosen) {
    const report = await verifySnapshot(reader, {
      snapshotId,
      ...(isWhole && ledger ? { others: await overlapping.othersOf(snapshotId) } : {}),
      trust: options.trust && trust,
      ledger: ledger ?? null,
      choose: options.choose,
      scanner: options.scanner,
      maxFailures: options.maxFailures,
      onProgress: (records, total) => options.onProgress?.(snapshotId, records, total),
    });
    overlapping.release(snapshotId);
    reports.push(report);
    options.onSnapshot?.(report);
  }
  return reports;
}

/**
 * Those of the ledger in its order, then those that were found and that it does not name. One of these without a signed
 * manifest is what a job left that was cancelled, failed or still runs: it is not evidence.
 */
function chooseSnapshots(
  ledger: Ledger | undefined,
  { snapshotIds, found, within, listed }: EvidenceOptions,
): readonly string[] {
  if (snapshotIds) return snapshotIds;
  const entries = ledger?.entries ?? [];
  const chosen = entries.filter(({ window }) => !within || overlaps(window, within));
  const named = new Set(namedBy(ledger));
  const objects = listed && new Set(listed);
  const unnamed = found.filter((snapshotId) => !named.has(snapshotId));
  return [
    ...chosen.map(({ snapshotId }) => snapshotId),
    ...unnamed.filter((snapshotId) => !objects || isFinished(snapshotId, objects)).toSorted(),
  ];
}

function namedBy(ledger: Ledger | undefined): readonly string[] {
  return (ledger?.entries ?? []).map(({ snapshotId }) => snapshotId);
}

/** A span counts as sealed only while the ledger holds and a snapshot that covers it has a signed manifest. */
function verifyCoverage(
  { ledger, report: { verdict } }: VerifiedLedger,
  snapshots: readonly SnapshotReport[],
  within: Window,
  key: KeyTrust,
): Checked {
  const report = new ReportBuilder(MAX_GAPS);
  const unsigned = new Set(
    snapshots.filter((snapshot) => !isSigned(snapshot)).map(({ snapshotId }) => snapshotId),
  );
  const entries = verdict === 'NOT VERIFIED' ? [] : (ledger?.entries ?? []);
  for (const { from, to, state, snapshots: covering } of coverageOf(entries, within)) {
    const object = `${from} → ${to}`;
    if (state === 'missing') report.missing('coverage', object, 'a sealed window');
    else if (covering.every((id) => unsigned.has(id)))
      report.missing('coverage', object, `a signed manifest of ${covering.join(' or ')}`);
    else report.pass('coverage');
  }
  return report.finish(key, COVERAGE_LAYERS, COVERAGE_LAYERS);
}

/** Nobody asked about the log time, but a gap in it is named. */
function gapNotes({ entries }: Ledger): readonly string[] {
  const spans = coverageOf(entries);
  const gaps = spans.filter(({ state }) => state === 'missing').length;
  if (gaps === 0) return [];
  const range = `${spans[0]!.from} → ${spans.at(-1)!.to}`;
  return [`${gaps} gaps in the sealed log time ${range}; coverage lists them`];
}
