import type { TrustFile } from '../evidence/trustFile';
import { noteAcknowledged } from './acknowledgedFindings';
import { ORIGIN_NOT_PINNED, chooseTrust, type PinnedKey } from './chooseTrust';
import type { EvidenceReader } from './evidenceReader';
import { headlineOf, limitNotes, worstVerdict, type Questions } from './report';
import { sampleEntries } from './sampleEntries';
import type { EvidenceOptions, EvidenceReport } from './verifyEvidence';
import type { PartialLedger } from './verifyLedger';
import { verifyLedgerSince } from './verifySince';
import { verifySnapshot, type SnapshotReport } from './verifySnapshot';

export interface SinceEvidenceOptions extends Pick<
  EvidenceOptions,
  'knownCheckpoints' | 'scanner' | 'maxFailures' | 'onLedger' | 'onSnapshot' | 'onProgress'
> {
  readonly trust: TrustFile | PinnedKey;
  /** A ledger checkpoint that was kept after an earlier verification. */
  readonly kept: Buffer;
  /** How many of the earlier snapshots are verified again. */
  readonly recheck: number;
  /** Decides which ones; the same seed decides the same. */
  readonly seed: string;
}

const MAX_NOTES = 1_000;

/**
 * Verifies what is new in a ledger since a kept checkpoint, that the ledger still begins with it, and some of the earlier
 * snapshots. It reads about as much as is new, however long the ledger is.
 */
export async function verifyEvidenceSince(
  reader: EvidenceReader,
  options: SinceEvidenceOptions,
): Promise<{ readonly report: EvidenceReport; readonly checkpoint: Buffer | undefined }> {
  const { kept, recheck, seed, knownCheckpoints = [], maxFailures } = options;
  const trust = await chooseTrust(reader, options.trust, []);
  let sampled = { of: 0, size: 0 };
  const { report: ledgerReport, ledger } = await verifyLedgerSince(reader, {
    trust,
    key: 'pinned',
    kept,
    knownCheckpoints,
    maxFailures,
    recheck: (keptSize) => {
      const indices = sampleEntries(seed, keptSize, recheck);
      sampled = { of: keptSize, size: indices.length };
      return indices;
    },
  });
  options.onLedger?.(ledgerReport);

  const read = await verifyRead(reader, options, trust, ledger);
  const { snapshots, notes: acknowledged } = await noteAcknowledged(reader, ledger?.entries ?? [], read);
  const parts = [ledgerReport, ...snapshots];
  const questions: Questions = {
    evidence: worstVerdict(parts.map(({ verdict }) => verdict)),
    coverage: 'not asked',
    live: 'not asked',
  };
  const notes = [
    ...parts.flatMap((part) => part.notes),
    ...acknowledged,
    `${sampled.size} of the ${sampled.of} snapshots up to the kept checkpoint were verified again, chosen by --seed ${seed}`,
    ...('keys' in options.trust || options.trust.origin !== undefined ? [] : [ORIGIN_NOT_PINNED]),
  ];
  const verdict = headlineOf(questions);
  const whole = { verdict, questions, key: 'pinned' as const, ledger: ledgerReport, snapshots };
  return {
    report: { ...whole, coverage: null, listing: null, notes: limitNotes(notes, MAX_NOTES) },
    checkpoint: ledger?.checkpoint,
  };
}

/** Verifies the snapshot of every entry that was read. */
async function verifyRead(
  reader: EvidenceReader,
  { scanner, maxFailures, onSnapshot, onProgress }: SinceEvidenceOptions,
  trust: Awaited<ReturnType<typeof chooseTrust>>,
  ledger: PartialLedger | undefined,
): Promise<readonly SnapshotReport[]> {
  const reports: SnapshotReport[] = [];
  for (const { snapshotId } of ledger?.entries ?? []) {
    const report = await verifySnapshot(reader, {
      snapshotId,
      trust,
      ledger: ledger ?? null,
      scanner,
      maxFailures,
      onProgress: (records, total) => onProgress?.(snapshotId, records, total),
    });
    reports.push(report);
    onSnapshot?.(report);
  }
  return reports;
}
