import { coverageOf } from './coverage';
import type { EvidenceReader } from './evidenceReader';
import { MAX_MANIFEST_BYTES, parseManifest } from '../evidence/manifest';
import { manifestKey } from '../evidence/objectKeys';
import { verifyLedger, type Ledger, type LedgerReport } from './verifyLedger';
import { makeTrustFile, type TrustFile } from '../evidence/trustFile';
import {
  COVERAGE_LAYERS,
  ReportBuilder,
  worstVerdict,
  type Checked,
  type Verdict,
  type VerifyReport,
} from './report';
import { verifyListing } from './verifyListing';
import { verifySnapshot } from './verifySnapshot';

export interface EvidenceOptions {
  /** The pinned keys, or the one pinned key. Undefined: keys are taken from the evidence itself, which is never VERIFIED. */
  readonly trust: TrustFile | { readonly publicKey: Buffer } | undefined;
  /** Only these snapshots. Undefined: every one that is found and every one the ledger names. */
  readonly snapshotIds?: readonly string[];
  /** Snapshots that lie there, whatever the ledger says. */
  readonly found: readonly string[];
  /** Every object of a directory: each must be named by ledger or manifest. Undefined: it cannot be listed. */
  readonly listed?: readonly string[];
  /** Log time, both ends inclusive, that must be covered without a gap; snapshots outside are left out. */
  readonly within?: { readonly from: string; readonly to: string };
  /** Signed ledger checkpoints that the ledger must continue. */
  readonly knownCheckpoints?: readonly Buffer[];
  /** Of each snapshot only these chunks; see {@link verifySnapshot}. */
  readonly choose?: (chunkIndex: number) => boolean;
  readonly maxFailures?: number;
  readonly onLedger?: (report: LedgerReport) => void;
  readonly onSnapshot?: (report: VerifyReport) => void;
  readonly onProgress?: (snapshotId: string, records: number, total: number) => void;
}

/** Everything that was checked, and one verdict over it. */
export interface EvidenceReport {
  readonly verdict: Verdict;
  readonly key: Checked['key'];
  readonly ledger: LedgerReport;
  /** The ledger that was read, for further questions; undefined unless its entries lead to the signed root. */
  readonly openedLedger: Ledger | undefined;
  readonly snapshots: readonly VerifyReport[];
  /** Of the log time that was asked for. */
  readonly coverage: Checked | null;
  /** Of a directory: that it holds nothing which ledger and manifests do not name. */
  readonly listing: Checked | null;
}

/**
 * Verifies the ledger and the snapshots that belong to it. A snapshot that the ledger names and that is not there is
 * INCOMPLETE, and so is one that the ledger does not name: dropping either side shows.
 */
export async function verifyEvidence(
  reader: EvidenceReader,
  options: EvidenceOptions,
): Promise<EvidenceReport> {
  const { knownCheckpoints, maxFailures } = options;
  const key = options.trust ? 'pinned' : 'self-asserted';
  const trust = await chooseTrust(reader, options);
  const limits = maxFailures === undefined ? {} : { maxFailures };
  const { report, ledger } = await verifyLedger(reader, {
    trust,
    key,
    ...limits,
    ...(knownCheckpoints ? { knownCheckpoints } : {}),
  });
  options.onLedger?.(report);
  const snapshots: VerifyReport[] = [];
  for (const snapshotId of chooseSnapshots(ledger, options)) {
    const checked = await verifySnapshot(reader, {
      snapshotId,
      trust: options.trust && trust,
      ledger: ledger ?? null,
      ...limits,
      ...(options.choose ? { choose: options.choose } : {}),
      onProgress: (records, total) => options.onProgress?.(snapshotId, records, total),
    });
    snapshots.push(checked);
    options.onSnapshot?.(checked);
  }
  const coverage = options.within && checkCoverage(ledger, options.within, key);
  const listing =
    options.listed && !options.snapshotIds
      ? await verifyListing(reader, options.listed, options.found, ledger, key)
      : undefined;
  const others = [coverage, listing].filter((checked) => checked !== undefined);
  const verdicts = [report, ...snapshots, ...others].map(({ verdict }) => verdict);
  return {
    verdict: worstVerdict(verdicts),
    key,
    ledger: report,
    openedLedger: ledger,
    snapshots,
    coverage: coverage ?? null,
    listing: listing ?? null,
  };
}

function chooseSnapshots(
  ledger: Ledger | undefined,
  { snapshotIds, found, within }: EvidenceOptions,
): readonly string[] {
  if (snapshotIds) return snapshotIds;
  const entries = ledger?.entries ?? [];
  const named = entries.filter(
    ({ window }) => !within || (window.from <= within.to && within.from <= window.to),
  );
  const known = new Set(entries.map(({ snapshotId }) => snapshotId));
  return [
    ...named.map(({ snapshotId }) => snapshotId),
    ...found.filter((snapshotId) => !known.has(snapshotId)).toSorted(),
  ];
}

function checkCoverage(
  ledger: Ledger | undefined,
  within: { readonly from: string; readonly to: string },
  key: Checked['key'],
): Checked {
  const report = new ReportBuilder(1000);
  for (const { from, to, state } of coverageOf(ledger?.entries ?? [], within)) {
    if (state === 'missing') report.missing('coverage', `${from} → ${to}`, 'a sealed window');
    else report.pass('coverage');
  }
  return report.finish(key, COVERAGE_LAYERS, COVERAGE_LAYERS);
}

/** A single pinned key stands for those versions that claim to be it. */
async function chooseTrust(reader: EvidenceReader, options: EvidenceOptions): Promise<TrustFile> {
  const { trust } = options;
  if (trust && 'keys' in trust) return trust;
  const claimed = await claimedTrust(reader, options.snapshotIds ?? options.found);
  if (!trust) return claimed;
  const pinned = trust.publicKey.toString('base64');
  return { ...claimed, keys: claimed.keys.filter(({ publicKey }) => publicKey === pinned) };
}

/** The keys that manifests claim for themselves, so that evidence can be looked at without a pinned key. */
async function claimedTrust(reader: EvidenceReader, snapshotIds: readonly string[]): Promise<TrustFile> {
  const keys = new Map<number, Buffer>();
  let origin = 'unknown';
  for (const snapshotId of snapshotIds) {
    const body = await reader.read(manifestKey(snapshotId), undefined, MAX_MANIFEST_BYTES);
    if (!body) continue;
    try {
      const manifest = parseManifest(body);
      keys.set(manifest.key.version, Buffer.from(manifest.key.publicKey, 'base64'));
      origin = manifest.origin;
    } catch {
      // A manifest that is none claims nothing; its own verification says so.
    }
  }
  const versions = [...keys.entries()].toSorted(([left], [right]) => left - right);
  const createdAt = new Date(0);
  return makeTrustFile(
    origin,
    versions.map(([version, publicKey]) => ({ version, publicKey, createdAt })),
  );
}
