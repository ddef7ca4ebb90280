import { NO_ASSET } from '../contract/names';
import type { AuditSnapshotResult } from '../contract/snapshot';
import { SnapshotError } from '../errors';
import { MAX_MANIFEST_BYTES } from '../evidence/limits';
import { parseManifest, type Manifest } from '../evidence/manifest';
import { manifestKey } from '../evidence/objectKeys';
import { totalFindings } from '../evidence/recordFinding';
import type { AssetRegistry } from '../ports/assetRegistry';
import type { JobReporter } from '../ports/jobReporter';
import type { Job, JobStore } from '../ports/jobStore';
import type { SnapshotRepository, SnapshotRow, SnapshotSeed } from '../ports/snapshotRepository';
import type { SnapshotRestorer } from '../ports/snapshotRestorer';
import type { WindowLeaseStore } from '../ports/windowLeaseStore';
import { sha256Hex } from '../tlog/sha256';
import { requireOwnOrigin } from './ownOrigin';
import {
  NO_RECORDS,
  rebuildChunk,
  restoreMarks,
  type ChunkRestoreDeps,
  type RestoredRecords,
} from './restoreChunk';
import { readSignedObjects } from './restoredObjects';
import { emptyHashState } from './resumePoint';
import { listObjects } from './snapshotObjects';
import type { SignedRow } from './snapshotRows';

export interface RestoreDeps extends ChunkRestoreDeps {
  readonly snapshots: SnapshotRepository;
  readonly restorer: SnapshotRestorer;
  readonly assets: AssetRegistry;
  readonly jobs: JobReporter & Pick<JobStore, 'find'>;
  readonly leases: Pick<WindowLeaseStore, 'finish'>;
  /** What the run of a job returned, if Temporal still knows; undefined otherwise. */
  readonly resultOf: (jobId: string) => Promise<AuditSnapshotResult | undefined>;
  readonly settings: ChunkRestoreDeps['settings'] & {
    readonly origin: string;
    readonly chunkLimits: SnapshotSeed['chunkLimits'];
  };
}

/** Windows of the snapshots of the ledger, by id. */
type Windows = ReadonlyMap<string, SnapshotRow['window']>;

/** A snapshot of the published ledger. */
export interface LedgeredSnapshot {
  readonly snapshotId: string;
  readonly ledgerIndex: number;
  readonly manifestSha256: string;
  readonly windows: Windows;
}

export interface RestoreOptions {
  /** Inserts sealed records that the log does not have. */
  readonly insert: boolean;
  /** Writes nothing. */
  readonly dryRun: boolean;
  readonly onProgress?: (snapshotId: string, records: number, total: number) => void;
}

/** What was restored of one snapshot, or would be. */
export interface RestoredSnapshot extends RestoredRecords {
  readonly snapshotId: string;
  readonly recordCount: number;
}

/**
 * Makes rows, marks, asset and job of one snapshot what its evidence says; the evidence must be verified already. The row
 * of the snapshot is written closed and last: until then another call starts over. STORAGE_*, DATABASE_*, SNAPSHOT_CONFLICT.
 */
export async function restoreSnapshot(
  deps: RestoreDeps,
  { snapshotId, ledgerIndex, manifestSha256, windows }: LedgeredSnapshot,
  options: RestoreOptions,
): Promise<RestoredSnapshot> {
  const { manifest, ref } = await readManifest(deps, snapshotId, manifestSha256);
  const known = await deps.snapshots.find(snapshotId);
  if (known) requireOwnOrigin(known, deps.settings);
  const row = openRow(deps, manifest, windows);

  let hash = await emptyHashState();
  let records = NO_RECORDS;
  for (const listed of manifest.chunks) {
    const rebuilt = await rebuildChunk(deps, row, listed, hash);
    const restored = await restoreMarks(deps, rebuilt.row, row, rebuilt.positions, options);
    if (!options.dryRun) await deps.restorer.putChunk(rebuilt.row, restored.unmarked);
    hash = rebuilt.row.checkpoint.hash;
    records = addRecords(records, restored.records);
    options.onProgress?.(snapshotId, hash.range.end, manifest.recordCount);
  }
  if (!options.dryRun) {
    const signature = await readSignedObjects(deps.store, manifest);
    const signed = { ...row, chunkCount: manifest.chunks.length, manifest: ref, signature, ledgerIndex };
    await close(deps, signed, records);
  }
  return { snapshotId, recordCount: manifest.recordCount, ...records };
}

async function readManifest({ store, settings }: RestoreDeps, snapshotId: string, manifestSha256: string) {
  const key = manifestKey(snapshotId);
  const stored = await store.get(key, MAX_MANIFEST_BYTES);
  if (!stored || sha256Hex(stored.body) !== manifestSha256) {
    const message = `storage does not return the manifest that the ledger names; verify the evidence [key=${key}]`;
    throw new SnapshotError('STORAGE_CONFLICT', message);
  }
  const manifest = parseManifest(stored.body);
  requireOwnOrigin(manifest, settings);
  const { recordCount, findings } = manifest;
  const { versionId, body } = stored;
  const findingCount = totalFindings(findings.counts);
  return {
    manifest,
    ref: { versionId, sha256: manifestSha256, sizeBytes: body.length, recordCount, findingCount },
  };
}

/** The row of a snapshot whose chunk list is fixed and whose manifest is not stored yet, with all that its manifest says. */
export function openRow(
  { settings }: Pick<RestoreDeps, 'settings'>,
  manifest: Manifest,
  windows: Windows,
): SnapshotRow {
  const { snapshotId, jobId, origin, source, window, openedAt } = manifest;
  const { retention, logHashScheme, timestamp, key } = manifest;
  return {
    snapshotId,
    jobId,
    origin,
    source,
    window,
    // Only this policy seals tampered records; without such records both policies seal the same.
    onTamper: 'seal',
    openedAt,
    retainUntil: retention.until,
    hashScheme: logHashScheme,
    timestamp,
    keyVersion: key.version,
    publicKey: key.publicKey,
    software: manifest.software,
    chunkLimits: settings.chunkLimits,
    overlaps: manifest.late.snapshots.flatMap((id) => {
      const earlier = windows.get(id);
      return earlier ? [{ snapshotId: id, ...earlier }] : [];
    }),
    // It held its window before: a snapshot that has sealed it since is noticed.
    leaseSequence: 0,
    chunkCount: manifest.chunks.length,
    leftOut: manifest.leftOut ?? null,
    manifest: null,
    signature: null,
    snapshotAssetId: null,
    ledgerIndex: null,
    result: null,
  };
}

/**
 * Registers the asset, reports the job and ends its lease, then writes the row. A result that is still known stays as it
 * was reported; its counts are those of that time.
 */
async function close(
  deps: RestoreDeps,
  row: SignedRow & { readonly ledgerIndex: number },
  records: RestoredRecords,
): Promise<void> {
  const { snapshotId, jobId, window, manifest, ledgerIndex } = row;
  const { recordCount, findingCount, sha256: manifestSha256 } = manifest;
  const job = await deps.jobs.find(jobId);
  const earlier = await earlierResult(deps, row, job);
  const snapshotAssetId =
    recordCount === 0 ? NO_ASSET : await registerAsset(deps, row, earlier?.snapshotAssetId);
  const result: AuditSnapshotResult = {
    snapshotAssetId,
    recordCount,
    snapshotId,
    window,
    findingCount,
    conflictCount: earlier?.conflictCount ?? recordCount - records.marked - records.inserted,
    lateCount: earlier?.lateCount ?? (await deps.records.countUnsealed(window)),
    manifestSha256,
    ledgerIndex,
    ...(row.leftOut === null ? {} : { leftOut: row.leftOut }),
  };
  if (job?.status !== 'succeeded') {
    // After the run that wrote the row last, whatever the clocks are: it ended without knowing this result.
    const asOfMs = Math.max(deps.clock.nowMs(), (job?.asOfMs ?? 0) + 1);
    await deps.jobs.ensure({ jobId, ...window }, asOfMs);
    await deps.jobs.report(jobId, { status: 'succeeded', result });
  }
  await deps.leases.finish(snapshotId);
  await deps.restorer.putSnapshot({ ...row, snapshotAssetId, result });
}

/** The result of the job, from its row or from Temporal, if it is that of this snapshot. */
async function earlierResult(
  deps: RestoreDeps,
  { jobId, manifest, ledgerIndex }: SignedRow,
  job: Job | undefined,
): Promise<AuditSnapshotResult | undefined> {
  const known = job?.result ?? (await deps.resultOf(jobId));
  return known?.manifestSha256 === manifest.sha256 && known.ledgerIndex === ledgerIndex ? known : undefined;
}

/** With the id that callers of the job got, if it is known: the audit record of the snapshot names it. */
async function registerAsset(
  deps: RestoreDeps,
  row: SignedRow,
  knownId: string | undefined,
): Promise<string> {
  const { snapshotId, signature, retainUntil } = row;
  const objects = await listObjects(deps, row);
  const registration = { snapshotId, objects, signedHash: signature.signature, retainUntil };
  return (await deps.assets.registerAsset(registration, knownId)).snapshotAssetId;
}

function addRecords(left: RestoredRecords, right: RestoredRecords): RestoredRecords {
  return {
    marked: left.marked + right.marked,
    conflicts: left.conflicts + right.conflicts,
    missing: left.missing + right.missing,
    inserted: left.inserted + right.inserted,
    removed: left.removed + right.removed,
  };
}
