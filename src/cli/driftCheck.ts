import { readSealingConfig } from '../config';
import type { Window } from '../contract/window';
import { SnapshotError } from '../errors';
import { pinnedKeys } from '../evidence/trustFile';
import { MongoLedgerSequencer } from '../mongo/ledgerSequencer';
import { MongoSnapshotRepository } from '../mongo/snapshotRepository';
import { AuditService } from '../services/audit.service';
import { auditDrift, type DriftAudit } from '../verify/auditDrift';
import { headlineOf, limitNotes, type Verdict } from '../verify/report';
import type { EvidenceReport } from '../verify/verifyEvidence';
import type { Ledger } from '../verify/verifyLedger';
import { temporalWorkflowStatus } from '../temporal/workflowStatusReader';
import { openDatabase } from './connections/database';
import { openObjectStore } from './connections/objectStore';
import { openTemporal } from './connections/temporal';
import { readTrust } from './evidenceSource';
import { compareWithBucket } from './ledgerComparison';
import { showProgress } from './progress';

/** What the comparison of the live log with the evidence found; `driftCount` counts the drifts that are not listed as well. */
export type DriftReport = Omit<DriftAudit, 'nextPlace'> & { readonly driftCount: number };

/**
 * Compares the live log with what was sealed. The ledger is verified already; it is first compared with the rows of the
 * database, under the pinned keys. LEDGER_*, DATABASE_*, STORAGE_*.
 */
export async function checkDrift(
  ledger: Ledger,
  readLedger: () => Promise<Ledger>,
  trustFile: string,
  within: Window | undefined,
): Promise<DriftReport> {
  const { source, lateAllowanceMs, logRetentionMs } = readSealingConfig();
  await using database = await openDatabase();
  const keys = pinnedKeys(await readTrust(trustFile)).map((publicKey) => ({ publicKey }));
  await compareWithBucket(database.connection, ledger.origin, keys);
  using display = showProgress();
  const { nextPlace: _, ...report } = await auditDrift(
    {
      records: new AuditService(database.connection, source),
      store: openObjectStore(),
      snapshots: new MongoSnapshotRepository(database.connection),
      ledger: new MongoLedgerSequencer(database.connection, ledger.origin),
      workflowStatus: { isOpen: isOpenIfKnown },
      clock: { nowMs: () => Date.now() },
    },
    {
      ledger,
      source,
      readLedger,
      ...(within ? { within } : {}),
      fromIndex: 0,
      lateAllowanceMs,
      logRetentionMs,
      onProgress: (_snapshotId, records) => display.update('comparing', records, undefined),
    },
  );
  return { ...report, driftCount: Object.values(report.counts).reduce((sum, count) => sum + count, 0) };
}

/** Connects only for a job that was opened long ago and is not closed. Without Temporal nothing excuses it. */
async function isOpenIfKnown(workflowId: string): Promise<boolean> {
  try {
    await using temporal = await openTemporal();
    return await temporalWorkflowStatus(temporal.client).isOpen(workflowId);
  } catch (error) {
    if (error instanceof SnapshotError) return false;
    throw error;
  }
}

const MAX_NOTES = 1_000;

/** The report with the verdict on the live log. */
export function withLiveLog(report: EvidenceReport, drift: DriftReport): EvidenceReport {
  const live: Verdict = drift.driftCount > 0 ? 'NOT VERIFIED' : 'VERIFIED';
  const questions = { ...report.questions, live };
  const notes = limitNotes([...report.notes, ...drift.notes], MAX_NOTES);
  return { ...report, questions, notes, verdict: headlineOf(questions) };
}

/** One line about what was compared, then one for each drift, up to `maxErrors`. */
export function describeDrift(
  { snapshots, records, late, marking, unmarkable, removed, drifts, driftCount }: DriftReport,
  maxErrors: number,
): string {
  const lines = drifts.slice(0, maxErrors).map(({ kind, recordId, snapshotId, chunk, index, object }) => {
    const position = [`chunk=${chunk ?? '–'}`, ...(index === null ? [] : [`index=${index}`])].join(', ');
    return `  ✗ ${kind}: ${recordId === '' ? object : `record ${recordId}`}${snapshotId === '' ? '' : ` of ${snapshotId}`} [${position}]`;
  });
  const more = driftCount - lines.length;
  const others = [
    ...(marking > 0 ? [`, ${marking} being marked`] : []),
    ...(unmarkable > 0 ? [`, ${unmarkable} that cannot be marked`] : []),
    ...(removed > 0 ? [`, ${removed} removed by retention`] : []),
  ].join('');
  return [
    `live log compared with ${snapshots} snapshots: ${records} records, ${late} late${others}`,
    ...lines,
    ...(more > 0 ? [`  … and ${more} more (--max-errors)`] : []),
  ].join('\n');
}
