import {
  ApplicationFailure,
  continueAsNew,
  defineQuery,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  ContinuedDriftCheck,
  AuditTally,
  AuditVerifyInput,
  AuditVerifyResult,
  VerifyActivities,
} from '../src/contract/drift';
import { PROGRESS_QUERY } from '../src/contract/names';
import { parseWindow, type Window } from '../src/contract/window';

const MAX_LISTED = 100;

const { verifyLedger, auditSnapshots } = proxyActivities<VerifyActivities>({
  startToCloseTimeout: '6h',
  heartbeatTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m', maximumAttempts: 20 },
});

/**
 * Compares the live log with everything the ledger says was sealed; meant for a Schedule. Query `progress` gives an
 * `AuditTally`. Fails with DRIFT_FOUND when something differs, unless `onDrift` is `report`.
 */
export async function auditVerifyWorkflow(
  given: AuditVerifyInput = {},
  continued?: ContinuedDriftCheck,
): Promise<AuditVerifyResult> {
  const within = windowOf(given);
  let tally: AuditTally = continued?.tally ?? { snapshots: 0, records: 0, late: 0, counts: {}, drifts: [] };
  setHandler(defineQuery<AuditTally>(PROGRESS_QUERY), () => tally);
  const { ledgerSize } = await verifyLedger();
  for (let place: number | null = continued?.place ?? 0; place !== null;) {
    const { nextPlace, ...found }: AuditTally & { readonly nextPlace: number | null } = await auditSnapshots({
      place,
      within,
    });
    tally = sum(tally, found);
    setCurrentDetails(describe(tally, nextPlace ?? ledgerSize, ledgerSize));
    place = nextPlace;
    if (place !== null && workflowInfo().continueAsNewSuggested)
      await continueAsNew<typeof auditVerifyWorkflow>(given, { place, tally });
  }
  if (tally.drifts.length > 0 && given.onDrift !== 'report') {
    const message = `the live log differs from what was sealed: ${kindsOf(tally)}`;
    throw ApplicationFailure.create({ type: 'DRIFT_FOUND', message, nonRetryable: true, details: [tally] });
  }
  return { ...tally, ledgerSize };
}

function windowOf({ from, to, onDrift }: AuditVerifyInput): Window | null {
  if (onDrift !== undefined && onDrift !== 'fail' && onDrift !== 'report')
    throw refuse('onDrift is neither "fail" nor "report"');
  if (from === undefined && to === undefined) return null;
  if (typeof from !== 'string' || typeof to !== 'string')
    throw refuse('from and to go together, both as text');
  const outcome = parseWindow(from, to, Date.now());
  if (outcome.ok) return outcome.window;
  throw ApplicationFailure.nonRetryable(outcome.reason, 'WINDOW_INVALID');
}

function refuse(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'PAYLOAD_INVALID');
}

function sum(left: AuditTally, right: AuditTally): AuditTally {
  const kinds = [...new Set([...Object.keys(left.counts), ...Object.keys(right.counts)])];
  return {
    snapshots: left.snapshots + right.snapshots,
    records: left.records + right.records,
    late: left.late + right.late,
    counts: Object.fromEntries(
      kinds.map((kind) => [kind, (left.counts[kind] ?? 0) + (right.counts[kind] ?? 0)]),
    ),
    drifts: [...left.drifts, ...right.drifts].slice(0, MAX_LISTED),
  };
}

function kindsOf({ counts }: AuditTally): string {
  const found = Object.entries(counts).filter(([, count]) => count > 0);
  return found.length === 0 ? 'nothing' : found.map(([kind, count]) => `${count} ${kind}`).join(', ');
}

function describe(tally: AuditTally, place: number, ledgerSize: number): string {
  const lines = tally.drifts
    .slice(0, 20)
    .map(
      ({ kind, snapshotId, recordId, index, object }) =>
        `- **${kind}** \`${recordId || object}\` · \`${snapshotId}\`${index === null ? '' : ` · index ${index}`}`,
    );
  return [
    `compared ${tally.records} records of ${tally.snapshots} snapshots, ${place} of ${ledgerSize} in the ledger`,
    '',
    `found: ${kindsOf(tally)}; late: ${tally.late}`,
    ...lines,
  ].join('\n');
}
