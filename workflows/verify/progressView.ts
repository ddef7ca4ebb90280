import type { AuditTally } from '../../src/contract/drift';
import type { ProgressView } from '../progress/publishProgress';
import { describeCounts } from './tally';

/** Drifts that the current details list. */
const MAX_DESCRIBED = 20;

/** Snapshots `[0, compared)` of the ledger have been compared with the live log. */
export interface VerifyProgress {
  readonly tally: AuditTally;
  readonly compared: number;
  readonly ledgerSize: number;
}

/** What the Web UI shows of a run of auditVerifyWorkflow. */
export const VERIFY_VIEW: ProgressView<VerifyProgress> = { describe };

function describe({ tally, compared, ledgerSize }: VerifyProgress): string {
  const { records, snapshots, late, drifts, notes = [] } = tally;
  return [
    `compared ${records} records of ${snapshots} snapshots, ${compared} of ${ledgerSize} in the ledger`,
    '',
    `found: ${describeCounts(tally)}; late: ${late}`,
    ...drifts.slice(0, MAX_DESCRIBED).map(lineOf),
    ...notes.slice(0, MAX_DESCRIBED).map((note) => `- note: ${note}`),
  ].join('\n');
}

function lineOf({ kind, snapshotId, recordId, index, object }: AuditTally['drifts'][number]): string {
  const where = index === null ? '' : ` · index ${index}`;
  return `- **${kind}** \`${recordId || object}\` · \`${snapshotId}\`${where}`;
}
