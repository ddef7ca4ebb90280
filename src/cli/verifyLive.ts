import { connectObjectStore } from '../storage/minioObjectStore';
import { connectDatabase } from '../mongo/connection';
import { readDatabaseConfig, readSealingConfig, readStorageConfig } from '../config';
import type { Window } from '../contract/window';
import { AuditService } from '../services/audit.service';
import { auditDrift, type DriftAudit } from '../verify/auditDrift';
import { locateEvidence } from './evidenceSource';
import { showProgress } from './progressLine';
import { openLedger } from './prove';

/** The live log against what was sealed; it takes evidence that verifies for granted. DATABASE_*, STORAGE_*. */
export async function verifyLive(
  keyPath: string,
  within: Window | undefined,
): Promise<DriftAudit & { readonly found: number }> {
  const ledger = await openLedger(await locateEvidence(undefined), keyPath);
  const connection = await connectDatabase(readDatabaseConfig().uri);
  const display = showProgress(process.stderr);
  let audit: DriftAudit;
  try {
    audit = await auditDrift(
      {
        records: new AuditService(connection),
        store: connectObjectStore(readStorageConfig()),
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
  } finally {
    display.end();
    await connection.close();
  }
  return { ...audit, found: Object.values(audit.counts).reduce((sum, count) => sum + count, 0) };
}

/** One line for what was compared, one for each drift. */
export function describeLive(
  { snapshots, records, late, drifts, found }: Awaited<ReturnType<typeof verifyLive>>,
  maxErrors: number,
): string {
  const lines = drifts.slice(0, maxErrors).map(({ kind, recordId, snapshotId, chunk, index, object }) => {
    const place = [`chunk=${chunk ?? '–'}`, ...(index === null ? [] : [`index=${index}`])].join(', ');
    return `  ✗ ${kind}: ${recordId === '' ? object : `record ${recordId}`} of ${snapshotId} [${place}]`;
  });
  const more = found - lines.length;
  return [
    `live log against ${snapshots} snapshots, ${records} records, ${late} late`,
    ...lines,
    ...(more > 0 ? [`  … and ${more} more (--max-errors)`] : []),
  ].join('\n');
}
