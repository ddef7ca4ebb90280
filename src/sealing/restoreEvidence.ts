import type { LedgerEntry } from '../evidence/ledgerEntry';
import type { LedgerSequencer } from '../ports/ledgerSequencer';
import type { Signer } from '../ports/signer';
import type { LedgerReading } from './publishedLedger';
import { reopenSnapshot } from './reopenSnapshot';
import { repairLedger, type RepairedLedger } from './repairLedger';
import {
  restoreSnapshot,
  type LedgeredSnapshot,
  type RestoreDeps,
  type RestoredSnapshot,
  type RestoreOptions,
} from './restoreSnapshot';

const MANIFEST = /^snapshots\/(snap-[^/]+)\/manifest\.json$/;

export interface EvidenceRestoreDeps extends RestoreDeps {
  readonly signer: Signer;
  readonly ledger: LedgerSequencer;
  readonly ledgerIndex: LedgerReading['ledgerIndex'];
}

/** What a restore changed, or would change. */
export interface RestoreReport {
  readonly snapshots: readonly RestoredSnapshot[];
  /** Signed snapshots that the ledger does not have: a retry of their jobs finishes them. */
  readonly reopened: readonly string[];
  /** Null for a dry run. */
  readonly ledger: RepairedLedger | null;
}

/** The snapshots of the ledger that the database does not have closed: it lost them, or has an older state of them. */
export async function listLost(
  { snapshots, settings }: Pick<RestoreDeps, 'snapshots' | 'settings'>,
  entries: readonly LedgerEntry[],
): Promise<readonly string[]> {
  const closed = new Set(await snapshots.listClosed(settings.origin));
  return entries.map(({ snapshotId }) => snapshotId).filter((snapshotId) => !closed.has(snapshotId));
}

/**
 * Restores these snapshots of a verified ledger, then the rows of the ledger. The ledger comes last: as long as the
 * database has fewer entries than the bucket, no job signs anything, so an interrupted restore leaves nothing that a job
 * could build on. No worker may run meanwhile. LEDGER_*, STORAGE_*, DATABASE_*.
 */
export async function restoreEvidence(
  deps: EvidenceRestoreDeps,
  entries: readonly LedgerEntry[],
  snapshotIds: readonly string[],
  options: RestoreOptions,
): Promise<RestoreReport> {
  const chosen = new Set(snapshotIds);
  const windows = new Map(entries.map(({ snapshotId, window }) => [snapshotId, window]));
  const snapshots: RestoredSnapshot[] = [];
  for (const [ledgerIndex, { snapshotId, manifestSha256 }] of entries.entries()) {
    if (!chosen.has(snapshotId)) continue;
    const snapshot = { snapshotId, ledgerIndex, manifestSha256, windows };
    snapshots.push(await restoreSnapshot(deps, snapshot, options));
  }
  const reopened = await reopenUnpublished(deps, windows, options.dryRun);
  return { snapshots, reopened, ledger: options.dryRun ? null : await repairLedger(deps) };
}

async function reopenUnpublished(
  deps: EvidenceRestoreDeps,
  windows: LedgeredSnapshot['windows'],
  dryRun: boolean,
): Promise<readonly string[]> {
  const keys = await deps.signer.listKeys();
  const reopened: string[] = [];
  for await (const { key, isLatest, isDeleteMarker } of deps.store.listVersions('snapshots/')) {
    const snapshotId = MANIFEST.exec(key)?.[1];
    if (snapshotId === undefined || !isLatest || isDeleteMarker || windows.has(snapshotId)) continue;
    if (await deps.snapshots.find(snapshotId)) continue;
    if (await reopenSnapshot(deps, keys, { snapshotId, windows }, dryRun)) reopened.push(snapshotId);
  }
  return reopened;
}
