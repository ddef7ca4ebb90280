import type { SnapshotActivities } from '../src/contract/activities';
import type { VerifyActivities } from '../src/contract/drift';
import type { ScheduleActivities } from '../src/contract/schedule';
import { appendToLedger } from './appendToLedger';
import { auditSnapshots } from './auditSnapshots';
import { awaitSnapshot } from './awaitSnapshot';
import { verifyLedger } from './verifyLedger';
import type { SealingDeps } from '../src/sealing/deps';
import { toFailure } from '../src/temporal/activityFailure';
import { hashBatch } from './hashBatch';
import { markImmutable } from './markImmutable';
import { nextLate } from './nextLate';
import { nextWindow } from './nextWindow';
import { openSnapshot } from './openSnapshot';
import { queryBatch } from './queryBatch';
import { recordSnapshot } from './recordSnapshot';
import { registerAsset } from './registerAsset';
import { releaseWindow } from './releaseWindow';
import { reportJob } from './reportJob';
import { resolveTarget } from './resolveTarget';
import { sealManifest } from './sealManifest';
import { signManifest } from './signManifest';

/**
 * The room of activities, one a file, and of their registration. An activity reads its rows, calls the rules of
 * `src/sealing` and writes: every write is idempotent, so each activity may be repeated at any time, by any worker.
 */

/** The activities that a worker registers. Everything they throw becomes an ApplicationFailure with a stable code. */
export function createActivities(
  deps: SealingDeps,
): SnapshotActivities & VerifyActivities & ScheduleActivities {
  const guard =
    <I, O>(activity: (deps: SealingDeps, input: I) => Promise<O>) =>
    async (input: I): Promise<O> => {
      try {
        return await activity(deps, input);
      } catch (error) {
        throw toFailure(error);
      }
    };
  return {
    openSnapshot: guard(openSnapshot),
    queryBatch: guard(queryBatch),
    hashBatch: guard(hashBatch),
    sealManifest: guard(sealManifest),
    signManifest: guard(signManifest),
    registerAsset: guard(registerAsset),
    appendToLedger: guard(appendToLedger),
    markImmutable: guard(markImmutable),
    recordSnapshot: guard(recordSnapshot),
    reportJob: guard(reportJob),
    releaseWindow: guard(releaseWindow),
    verifyLedger: () => guard(verifyLedger)(undefined),
    auditSnapshots: guard(auditSnapshots),
    resolveTarget: guard(resolveTarget),
    nextWindow: guard(nextWindow),
    nextLate: guard(nextLate),
    awaitSnapshot: guard(awaitSnapshot),
  };
}
