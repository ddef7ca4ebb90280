import { countAcknowledged, type SealedAcknowledgement } from '../evidence/acknowledgement';
import type { LedgerEntry } from '../evidence/ledgerEntry';
import { MAX_MANIFEST_BYTES } from '../evidence/limits';
import { tryParseManifest, type Manifest } from '../evidence/manifest';
import { manifestKey } from '../evidence/objectKeys';
import { printable } from '../evidence/printable';
import { sha256Hex } from '../tlog/sha256';
import type { EvidenceReader } from './evidenceReader';
import { isSigned } from './report';
import type { SnapshotReport } from './verifySnapshot';

/** Reports that say how many of their findings are acknowledged, and one sentence for each acknowledgement. */
interface AcknowledgedFindings {
  readonly snapshots: readonly SnapshotReport[];
  readonly notes: readonly string[];
}

/** The manifest that the ledger names; undefined when it is missing, has other bytes or is malformed. */
export async function readNamedManifest(
  reader: EvidenceReader,
  { snapshotId, manifestSha256 }: LedgerEntry,
): Promise<Manifest | undefined> {
  const body = await reader.read(manifestKey(snapshotId), undefined, MAX_MANIFEST_BYTES);
  return body && sha256Hex(body) === manifestSha256 ? tryParseManifest(body) : undefined;
}

/**
 * Compares the acknowledgements that were found in the records of signed snapshots with the findings of all of them. A
 * finding stays a finding; what it says is who acknowledged it, and which sealed record shows that. STORAGE_*.
 */
export async function noteAcknowledged(
  reader: EvidenceReader,
  entries: readonly LedgerEntry[],
  snapshots: readonly SnapshotReport[],
): Promise<AcknowledgedFindings> {
  const given = snapshots.filter(isSigned).flatMap(({ acknowledgements }) => acknowledgements);
  if (given.length === 0) return { snapshots, notes: [] };
  const byId = new Map(entries.map((entry) => [entry.snapshotId, entry]));
  const bySnapshot = new Map<string, SealedAcknowledgement[]>();
  for (const one of given) {
    const own = bySnapshot.get(one.snapshotId);
    if (own) own.push(one);
    else bySnapshot.set(one.snapshotId, [one]);
  }
  const reports: SnapshotReport[] = [];
  const notes: string[] = [];
  for (const report of snapshots) {
    const own = bySnapshot.get(report.snapshotId) ?? [];
    const entry = byId.get(report.snapshotId);
    const manifest =
      entry && own.length > 0 && report.findingCount > 0 ? await readNamedManifest(reader, entry) : undefined;
    if (!entry || !manifest) {
      reports.push(report);
      continue;
    }
    const valid = own.filter((one) => countAcknowledged(manifest, entry.manifestSha256, [one]) > 0);
    reports.push({
      ...report,
      acknowledgedCount: countAcknowledged(manifest, entry.manifestSha256, valid),
    });
    notes.push(...valid.map((one) => printable(describeAcknowledged(one, report.findingCount))));
  }
  return { snapshots: reports, notes };
}

function describeAcknowledged(
  { snapshotId, recordId, kind, reason, actorId, acknowledgedBy, sealedIn }: SealedAcknowledgement,
  findingCount: number,
): string {
  const what =
    recordId === null
      ? `all ${findingCount} findings are acknowledged`
      : `the finding ${kind} of record ${recordId} is acknowledged`;
  return `${snapshotId}: ${what} by ${actorId} in record ${acknowledgedBy} of ${sealedIn}: ${reason}`;
}
