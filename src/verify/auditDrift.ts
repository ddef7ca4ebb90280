import { overlaps } from '../contract/window';
import { LEDGER_CHECKPOINT_KEY, manifestKey } from '../evidence/objectKeys';
import { auditOutside } from './auditOutside';
import { auditSnapshot } from './auditSnapshot';
import { compareDatabase } from './compareDatabase';
import { Candidates } from './driftCandidates';
import { DriftTally, type DriftResult } from './driftTally';
import type { DriftAuditDeps, DriftAuditOptions, DriftRun } from './driftRun';
import { readSealedManifest } from './sealedChunk';

/** Candidates that are held before the evidence is searched for them. */
const MAX_CANDIDATES = 50_000;

export interface DriftAudit extends DriftResult {
  /** Index of the ledger entry to continue with; null at the end of the ledger. A persisted name. */
  readonly nextPlace: number | null;
}

/**
 * Compares the live log with what was sealed, snapshot by snapshot: every sealed record is there, byte for byte, and
 * marked; nothing else is marked; no unsealed record in a sealed window is older than the allowance. Memory holds the
 * digests of one chunk. DATABASE_*, STORAGE_*.
 */
export async function auditDrift(deps: DriftAuditDeps, options: DriftAuditOptions): Promise<DriftAudit> {
  const { ledger, within, untilMs, fromIndex } = options;
  const run: DriftRun = { deps, options, tally: new DriftTally(), candidates: new Candidates() };
  let index = fromIndex;
  for (; index < ledger.size; index++) {
    if (run.tally.snapshots > 0 && untilMs !== undefined && deps.clock.nowMs() >= untilMs) break;
    const entry = ledger.entries[index]!;
    if (within && !overlaps(entry.window, within)) continue;
    await auditEntry(run, index);
    if (run.candidates.size >= MAX_CANDIDATES) await settle(run);
    run.tally.snapshots++;
  }
  const nextPlace = index < ledger.size ? index : null;
  if (nextPlace === null && !within) await auditOutside(run);
  if (nextPlace === null) await auditLedgerRows(run);
  await settle(run);
  return { ...run.tally.result(), nextPlace };
}

async function auditEntry(run: DriftRun, index: number): Promise<void> {
  const entry = run.options.ledger.entries[index]!;
  const manifest = await readSealedManifest(run.deps.store, entry);
  if (manifest) return auditSnapshot(run, manifest);
  const { snapshotId } = entry;
  const object = manifestKey(snapshotId);
  run.tally.add({ kind: 'evidence', snapshotId, recordId: '', chunk: null, index: null, object });
}

/** The database must continue the published ledger, which was read before it. */
async function auditLedgerRows({ deps, options, tally }: DriftRun): Promise<void> {
  const { unpublished, difference } = await compareDatabase(deps.ledger, options.ledger);
  if (difference === undefined) {
    if (unpublished > 0)
      tally.note(`${unpublished} ledger entries of the database are not published yet: a job publishes them`);
    return;
  }
  const [snapshotId, object] = ['', LEDGER_CHECKPOINT_KEY];
  tally.add({ kind: 'evidence', snapshotId, recordId: '', chunk: null, index: null, object });
  tally.note(difference);
}

/** Accuses the candidates that no snapshot contains, not even one that was sealed meanwhile. */
async function settle({ deps, options, tally, candidates }: DriftRun): Promise<void> {
  if (candidates.size === 0) return;
  const ledger = (await options.readLedger?.()) ?? options.ledger;
  for (const { kind, snapshotId, recordId, chunk } of await candidates.settle(
    deps.store,
    ledger,
    options.signal,
  ))
    tally.add({ kind, snapshotId, recordId, chunk, index: null });
}
