import { ApplicationFailure, continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type {
  AuditTally,
  AuditVerifyInput,
  AuditVerifyResult,
  ContinuedDriftCheck,
  VerifyActivities,
} from '../src/contract/drift';
import { answerProgressQuery, progressPublisher } from './progress/publishProgress';
import { checkVerifyInput } from './verify/checkVerifyInput';
import { VERIFY_VIEW } from './verify/progressView';
import { addTallies, describeCounts, EMPTY_TALLY } from './verify/tally';

const { verifyLedger, auditSnapshots } = proxyActivities<VerifyActivities>({
  startToCloseTimeout: '6h',
  heartbeatTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m', maximumAttempts: 20 },
});

/**
 * Compares the live log with everything that the ledger lists as sealed; meant for a Schedule. The query `progress` returns
 * an `AuditTally`. Fails with DRIFT_FOUND when something differs, unless `onDrift` is `report`.
 */
export async function auditVerifyWorkflow(
  given: AuditVerifyInput = {},
  continued?: ContinuedDriftCheck,
): Promise<AuditVerifyResult> {
  const within = checkVerifyInput(given, Date.now());
  let tally = continued?.tally ?? EMPTY_TALLY;
  answerProgressQuery(() => tally);
  const publish = progressPublisher(VERIFY_VIEW);

  const { ledgerSize } = await verifyLedger();
  for (let place = continued?.place ?? 0; ;) {
    const { nextPlace, ...found } = await auditSnapshots({ place, within });
    tally = addTallies(tally, found);
    publish({ tally, compared: nextPlace ?? ledgerSize, ledgerSize });
    if (nextPlace === null) break;
    place = nextPlace;
    if (workflowInfo().continueAsNewSuggested)
      await continueAsNew<typeof auditVerifyWorkflow>(given, { place, tally });
  }
  if (tally.drifts.length > 0 && given.onDrift !== 'report') throw driftFound(tally);
  return { ...tally, ledgerSize };
}

function driftFound(tally: AuditTally): ApplicationFailure {
  const message = `the live log differs from what was sealed: ${describeCounts(tally)}; the records are listed in the progress and the failure details of this run`;
  return ApplicationFailure.create({ type: 'DRIFT_FOUND', message, nonRetryable: true, details: [tally] });
}
