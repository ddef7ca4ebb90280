import type { LedgerEntry } from '../evidence/ledgerEntry';
import type { LedgerSequencer } from '../ports/ledgerSequencer';
import type { Signer } from '../ports/signer';
import type { LedgerReading } from './publishedLedger';
import { repairLedger, type RepairedLedger } from './repairLedger';
import {
  restoreSnapshot,
  type RestoreDeps,
  type RestoredSnapshot,
  type RestoreOptions,
} from './restoreSnapshot';

export interface EvidenceRestoreDeps extends RestoreDeps {
  readonly signer: Signer;
  readonly ledger: LedgerSequencer;
  readonly ledgerIndex: LedgerReading['ledgerIndex'];
}

/** What a restore changed, or would change. */
export interface RestoreReport {
  readonly snapshots: readonly RestoredSnapshot[];
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
  return { snapshots, ledger: options.dryRun ? null : await repairLedger(deps) };
}
