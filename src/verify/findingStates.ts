import {
  acknowledgementId,
  acknowledges,
  readAcknowledgement,
  type Acknowledgement,
} from '../evidence/acknowledgement';
import type { LedgerEntry } from '../evidence/ledgerEntry';
import type { Manifest } from '../evidence/manifest';
import { totalFindings, type FindingKind } from '../evidence/recordFinding';
import { readNamedManifest } from './acknowledgedFindings';
import { SealedClaims, type ClaimDeps, type ClaimStanding, type ClaimState } from './sealedClaims';

export type FindingState = 'open' | ClaimState;

/** What acknowledges a finding. */
export type FoundAcknowledgement = Acknowledgement & ClaimStanding;

/** One finding that a manifest lists. */
export interface ListedFinding {
  readonly id: string;
  readonly kind: FindingKind;
  /** In the snapshot. */
  readonly index: number;
  /** Undefined while it is open. */
  readonly acknowledgement: FoundAcknowledgement | undefined;
}

/** The findings of one snapshot. */
export interface SnapshotFindings {
  readonly snapshotId: string;
  /** Null when the bucket does not have the manifest that the ledger names. */
  readonly manifestSha256: string | null;
  readonly total: number;
  /** Further ones are only counted. */
  readonly listed: readonly ListedFinding[];
  /** What acknowledges all of them; undefined while nothing does. */
  readonly whole: FoundAcknowledgement | undefined;
  readonly counts: Readonly<Record<FindingState, number>>;
}

type FindingStatesDeps = Omit<ClaimDeps, 'entryOf'> & { readonly entries: readonly LedgerEntry[] };

/** Findings for which single acknowledgements are looked up; those beyond are open unless all of a snapshot are acknowledged. */
const MAX_LOOKED_UP = 10_000;

/**
 * The findings of snapshots, and whether each is acknowledged. The log only says where to look: an acknowledgement counts
 * when the evidence of the snapshot that it is marked with contains it. `snapshots` have findings, by the database.
 * DATABASE_*, STORAGE_*.
 */
export async function readFindings(
  deps: FindingStatesDeps,
  snapshots: readonly { readonly snapshotId: string; readonly findingCount: number }[],
): Promise<readonly SnapshotFindings[]> {
  const byId = new Map(deps.entries.map((entry) => [entry.snapshotId, entry]));
  const claims = new SealedClaims({ ...deps, entryOf: (snapshotId) => byId.get(snapshotId) });
  const found: SnapshotFindings[] = [];
  let left = MAX_LOOKED_UP;
  for (const { snapshotId, findingCount } of snapshots) {
    const entry = byId.get(snapshotId);
    const manifest = entry && (await readNamedManifest(deps.reader, entry));
    if (!entry || !manifest) {
      const counts = { open: findingCount, pending: 0, acknowledged: 0 };
      found.push({
        snapshotId,
        manifestSha256: null,
        total: findingCount,
        listed: [],
        whole: undefined,
        counts,
      });
      continue;
    }
    const { manifestSha256 } = entry;
    const [whole] = await claims.find([acknowledgementId(snapshotId, null)], readAcknowledgement);
    const { records } = manifest.findings;
    const asked = whole?.state === 'acknowledged' ? [] : records.slice(0, left);
    left -= asked.length;
    const ids = asked.map(({ id }) => acknowledgementId(snapshotId, id));
    const single = await claims.find(ids, readAcknowledgement);
    found.push(statesOf(manifest, manifestSha256, [...(whole ? [whole] : []), ...single]));
  }
  return found;
}

function statesOf(
  { snapshotId, findings }: Manifest,
  manifestSha256: string,
  given: readonly FoundAcknowledgement[],
): SnapshotFindings {
  const ofThis = { snapshotId, manifestSha256 };
  const own = given.filter((one) => one.snapshotId === snapshotId && one.manifestSha256 === manifestSha256);
  const byRecord = new Map(own.map((one) => [one.recordId, one]));
  const whole = byRecord.get(null);
  const valid = (candidate: FoundAcknowledgement | undefined, finding: { id: string; kind: FindingKind }) =>
    candidate && acknowledges(candidate, ofThis, finding) ? candidate : undefined;
  const counts = { open: 0, pending: 0, acknowledged: 0 };
  const listed = findings.records.map((finding) => {
    const candidates = [valid(byRecord.get(finding.id), finding), valid(whole, finding)];
    const sealed = candidates.find((one) => one?.state === 'acknowledged');
    const acknowledgement = sealed ?? candidates.find((one) => one !== undefined);
    counts[acknowledgement?.state ?? 'open']++;
    return { ...finding, acknowledgement };
  });
  const total = totalFindings(findings.counts);
  counts[whole?.state ?? 'open'] += total - listed.length;
  return { snapshotId, manifestSha256, total, listed, whole, counts };
}
