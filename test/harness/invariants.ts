import type { AuditSnapshotResult } from '../../src/contract/snapshot';
import { NO_ASSET, snapshotIdOf } from '../../src/contract/names';
import { splitBlocks } from '../../src/evidence/bsonStream';
import { unpackBlocks } from '../../src/evidence/chunk';
import type { EvidenceReader } from '../../src/verify/evidenceReader';
import { parseEntry } from '../../src/evidence/ledgerEntry';
import { LEDGER_CHECKPOINT_KEY, manifestKey } from '../../src/evidence/objectKeys';
import { MAX_CHUNK_BYTES, MAX_MANIFEST_BYTES } from '../../src/evidence/limits';
import { parseManifest } from '../../src/evidence/manifest';
import { readRecord } from '../../src/evidence/recordBytes';
import type { TrustFile } from '../../src/evidence/trustFile';
import { verifyEvidence } from '../../src/verify/verifyEvidence';
import type { Verdict } from '../../src/verify/report';

/** Larger than any chunk that simulations and chaos runs make. */

/** Every object that sealing makes, and the probe object of workers; any other is a temporary object that was left. */
const LAYOUT =
  /^(snapshots\/snap-[a-z0-9-]+\/(manifest\.json(\.sig|\.tsr)?|checkpoint|chunks\/\d{6}\.bson\.gz)|ledger\/(checkpoint|tile\/.+)|doctor\/worker-start)$/;
const SIGNATURE = /^snapshots\/([^/]+)\/manifest\.json\.sig$/;

/** The state of a deployment in which no job is under way, read from fakes or from real servers. */
export interface QuiescentState {
  /** Records of the window, by position id, that must be sealed. */
  readonly eligible: readonly string[];
  /** The snapshot each of them is marked with, and how often it was marked where that can be counted. */
  readonly marks: ReadonlyMap<string, { readonly snapshotId: string | undefined; readonly times?: number }>;
  /** The number of versions of each key. */
  readonly versions: ReadonlyMap<string, number>;
  readonly reader: EvidenceReader;
  readonly trust: TrustFile;
  readonly ledger: readonly Buffer[];
  /** Snapshot id of each asset. */
  readonly assets: readonly { readonly snapshotId: string; readonly snapshotAssetId: string }[];
  /** Asset id of each audit entry `snapshot.created`. */
  readonly auditEntries: readonly string[];
  readonly jobs: ReadonlyMap<
    string,
    { readonly status: string; readonly result: AuditSnapshotResult | null | undefined }
  >;
  /** Jobs that must have failed without a snapshot: another one sealed their window, or their policy stopped them. */
  readonly failedJobs: ReadonlySet<string>;
  readonly leases: readonly string[];
  readonly openWorkflows: readonly string[];
  /** Replaces {@link examineEvidence} where the same evidence is examined many times. */
  readonly examine?: typeof examineEvidence;
}

/** Checks what must hold whenever no job is under way, whatever happened before. Returns the violations, in words. */
export async function findViolations(state: QuiescentState): Promise<string[]> {
  const violations: string[] = [];
  const expect: Expect = (holds, violation) => {
    if (!holds) violations.push(violation);
  };
  const { reader, trust, ledger, leases, openWorkflows, examine = examineEvidence } = state;
  const examined = await examine(reader, trust, ledger);

  checkRecords(state, examined, expect);
  checkObjects(state, examined, expect);
  checkJobs(state, examined, expect);
  expect(leases.length === 0, `leases are left: ${leases.join(', ')}`);
  expect(openWorkflows.length === 0, `workflows are left: ${openWorkflows.join(', ')}`);
  const { verdict, failures } = examined;
  expect(verdict === 'VERIFIED', `the evidence is ${verdict}: ${JSON.stringify(failures.slice(0, 3))}`);
  return violations;
}

type Expect = (holds: boolean, violation: string) => void;

/** Every record of the log is in one snapshot and marked once with it, and the snapshots contain no other record. */
function checkRecords({ eligible, marks }: QuiescentState, { owners }: Examined, expect: Expect): void {
  for (const id of eligible) {
    const { snapshotId, times } = marks.get(id) ?? {};
    const included = owners.get(id) ?? [];
    expect(included.length === 1, `record ${id} is in ${included.length} snapshots [${included.join(', ')}]`);
    expect(
      snapshotId === included[0],
      `record ${id} is marked with ${snapshotId} and included in ${included[0]}`,
    );
    expect(times === undefined || times === 1, `record ${id} was marked ${times} times`);
  }
  const known = new Set(eligible);
  for (const id of owners.keys()) expect(known.has(id), `record ${id} is sealed and not part of this log`);
}

/** Every object is stored once and is one that sealing makes, and every signed snapshot is in the ledger. */
function checkObjects({ versions }: QuiescentState, { entries }: Examined, expect: Expect): void {
  for (const [key, count] of versions) {
    expect(count === 1 || key === LEDGER_CHECKPOINT_KEY, `object ${key} has ${count} versions`);
    expect(LAYOUT.test(key), `object ${key} is not one that sealing makes`);
    const [, signed] = SIGNATURE.exec(key) ?? [];
    expect(signed === undefined || entries.includes(signed), `${signed} is signed and not in the ledger`);
  }
}

/** Every job is reported as it ended; one that succeeded has one ledger entry, one asset and one audit entry. */
function checkJobs(state: QuiescentState, { entries, owners }: Examined, expect: Expect): void {
  for (const [jobId, { status, result }] of state.jobs) {
    const snapshotId = snapshotIdOf(jobId);
    const leaves = entries.filter((entry) => entry === snapshotId).length;
    if (state.failedJobs.has(jobId)) {
      expect(status === 'failed', `job ${jobId} failed and is reported as ${status}`);
      expect(leaves === 0, `job ${jobId} failed and has a leaf in the ledger`);
      continue;
    }
    expect(status === 'succeeded', `job ${jobId} succeeded and is reported as ${status}`);
    expect(leaves === 1, `snapshot ${snapshotId} has ${leaves} leaves`);

    const assets = state.assets.filter((asset) => asset.snapshotId === snapshotId);
    const wanted = result?.snapshotAssetId === NO_ASSET ? [] : [result?.snapshotAssetId];
    expect(
      JSON.stringify(assets.map(({ snapshotAssetId }) => snapshotAssetId)) === JSON.stringify(wanted),
      `snapshot ${snapshotId} has ${assets.length} assets`,
    );
    const audits = state.auditEntries.filter((assetId) => assetId === result?.snapshotAssetId).length;
    expect(audits === wanted.length, `snapshot ${snapshotId} has ${audits} audit entries`);

    const count = [...owners.values()].flat().filter((owner) => owner === snapshotId).length;
    expect(result?.recordCount === count, `job ${jobId} reports ${result?.recordCount} of ${count} records`);
  }
}

/** What the evidence itself says. */
export interface Examined {
  /** Snapshot id of each entry of the ledger. */
  readonly entries: readonly string[];
  /** For each record in a snapshot of the ledger, the snapshots that include it. */
  readonly owners: ReadonlyMap<string, readonly string[]>;
  readonly verdict: Verdict;
  readonly failures: readonly unknown[];
}

/** Reads and verifies the evidence as a whole; depends on its arguments and the answers of the reader alone. */
export async function examineEvidence(
  reader: EvidenceReader,
  trust: TrustFile,
  leaves: readonly Buffer[],
): Promise<Examined> {
  const entries = leaves.map((entry) => parseEntry(entry).snapshotId);
  const owners = await ownersOf(reader, entries);
  const { report } = await verifyEvidence(reader, { trust, found: [] });
  const { verdict, ledger, snapshots } = report;
  const failures = [...ledger.failures, ...snapshots.flatMap((snapshot) => snapshot.failures)];
  return { entries, owners, verdict, failures };
}

/** The manifest without the members that storage and the time of opening decide: the rest is the same for every run. */
export async function comparableManifest(
  reader: EvidenceReader,
  snapshotId: string,
): Promise<string | undefined> {
  const body = await reader.read(manifestKey(snapshotId), undefined, MAX_MANIFEST_BYTES);
  if (!body) return undefined;
  const { openedAt: _openedAt, retention, chunks, ...rest } = parseManifest(body);
  const listed = chunks.map(({ versionId: _versionId, ...chunk }) => chunk);
  return JSON.stringify({ ...rest, mode: retention.mode, chunks: listed });
}

async function ownersOf(
  reader: EvidenceReader,
  snapshotIds: readonly string[],
): Promise<Map<string, string[]>> {
  const owners = new Map<string, string[]>();
  for (const snapshotId of snapshotIds) {
    const body = await reader.read(manifestKey(snapshotId), undefined, MAX_MANIFEST_BYTES);
    if (!body) continue;
    for (const { key, versionId } of parseManifest(body).chunks) {
      const packed = await reader.read(key, versionId, MAX_CHUNK_BYTES);
      if (!packed) continue;
      for await (const document of splitBlocks(unpackBlocks(packed))) {
        const { id } = readRecord(document);
        owners.set(id, [...(owners.get(id) ?? []), snapshotId]);
      }
    }
  }
  return owners;
}
