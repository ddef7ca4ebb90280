import type { RestoreReport } from '../sealing/restoreEvidence';
import type { RestoredSnapshot } from '../sealing/restoreSnapshot';

/** What a restore changed, or would change, as text. */
export function describeRestored(
  { snapshots, reopened, ledger }: RestoreReport,
  { dryRun, records }: { readonly dryRun: boolean; readonly records: boolean },
): string {
  const missing = snapshots.reduce((sum, snapshot) => sum + snapshot.missing, 0);
  const verb = dryRun ? 'would restore' : 'restored';
  return [
    ...snapshots.map(describeSnapshot),
    `${verb} ${snapshots.length} snapshots`,
    ...reopened.map(
      (id) => `${id} is signed and not in the ledger: audit-snapshot retry ${id.slice(5)} finishes it`,
    ),
    ...(ledger === null
      ? []
      : [`ledger: ${ledger.size} entries; ${ledger.restored} rows restored, ${ledger.removed} rows removed`]),
    ...(missing > 0 && !records
      ? [`${missing} sealed records are not in the log; --records inserts them from the evidence`]
      : []),
  ].join('\n');
}

function describeSnapshot({ snapshotId, recordCount, ...records }: RestoredSnapshot): string {
  const { marked, conflicts, missing, inserted, removed } = records;
  const counts = [
    `${marked} marked`,
    ...(inserted > 0 ? [`${inserted} inserted`] : []),
    ...(missing > 0 ? [`${missing} missing from the log`] : []),
    ...(removed > 0 ? [`${removed} removed by the retention of the log`] : []),
    ...(conflicts > 0 ? [`${conflicts} not markable`] : []),
  ];
  return `${snapshotId}: ${recordCount} records, ${counts.join(', ')}`;
}
