import { readSealingConfig } from '../config';
import type { Window } from '../contract/window';
import { AuditService } from '../services/audit.service';
import { auditDrift, type DriftAudit } from '../verify/auditDrift';
import { headlineOf, type Verdict } from '../verify/report';
import type { EvidenceReport } from '../verify/verifyEvidence';
import type { Ledger } from '../verify/verifyLedger';
import { openDatabase } from './connections/database';
import { openObjectStore } from './connections/objectStore';
import { showProgress } from './progress';

/** What the comparison of the live log with the evidence found; `driftCount` counts the drifts that are not listed as well. */
export type DriftReport = Omit<DriftAudit, 'nextPlace'> & { readonly driftCount: number };

/** Compares the live log with what was sealed. The ledger is verified already. DATABASE_*, STORAGE_*. */
export async function checkDrift(ledger: Ledger, within: Window | undefined): Promise<DriftReport> {
  await using database = await openDatabase();
  using display = showProgress();
  const { nextPlace: _, ...report } = await auditDrift(
    {
      records: new AuditService(database.connection),
      store: openObjectStore(),
      clock: { nowMs: () => Date.now() },
    },
    {
      ledger,
      ...(within ? { within } : {}),
      fromIndex: 0,
      lateAllowanceMs: readSealingConfig().lateAllowanceMs,
      onProgress: (_snapshotId, records) => display.update('comparing', records, undefined),
    },
  );
  return { ...report, driftCount: Object.values(report.counts).reduce((sum, count) => sum + count, 0) };
}

/** The report with the verdict on the live log. */
export function withLiveLog(report: EvidenceReport, drift: DriftReport): EvidenceReport {
  const live: Verdict = drift.driftCount > 0 ? 'NOT VERIFIED' : 'VERIFIED';
  const questions = { ...report.questions, live };
  return { ...report, questions, verdict: headlineOf(questions) };
}

/** One line about what was compared, then one for each drift, up to `maxErrors`. */
export function describeDrift(
  { snapshots, records, late, drifts, driftCount }: DriftReport,
  maxErrors: number,
): string {
  const lines = drifts.slice(0, maxErrors).map(({ kind, recordId, snapshotId, chunk, index, object }) => {
    const position = [`chunk=${chunk ?? '–'}`, ...(index === null ? [] : [`index=${index}`])].join(', ');
    return `  ✗ ${kind}: ${recordId === '' ? object : `record ${recordId}`} of ${snapshotId} [${position}]`;
  });
  const more = driftCount - lines.length;
  return [
    `live log compared with ${snapshots} snapshots: ${records} records, ${late} late`,
    ...lines,
    ...(more > 0 ? [`  … and ${more} more (--max-errors)`] : []),
  ].join('\n');
}
