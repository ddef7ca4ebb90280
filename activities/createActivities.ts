import { ApplicationFailure } from '@temporalio/common';
import type { SnapshotActivities } from '../src/contract/activities';
import type { VerifyActivities } from '../src/contract/drift';
import type { ScheduleActivities } from '../src/contract/schedule';
import { ERROR_CODES, type ErrorCode } from '../src/errors';
import { runOf, subjectOf, type ActivityLog } from './activityLog';
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

type Activities = SnapshotActivities & VerifyActivities & ScheduleActivities;

/** The stage that each activity belongs to, as metrics name it. */
export const STAGE_OF = {
  openSnapshot: 'opening',
  queryBatch: 'querying',
  hashBatch: 'hashing',
  sealManifest: 'manifest',
  signManifest: 'signing',
  registerAsset: 'registering',
  appendToLedger: 'appending',
  markImmutable: 'marking',
  recordSnapshot: 'recording',
  reportJob: 'reporting',
  releaseWindow: 'releasing',
  verifyLedger: 'verifying',
  auditSnapshots: 'comparing',
  resolveTarget: 'planning',
  nextWindow: 'planning',
  nextLate: 'planning',
  awaitSnapshot: 'waiting',
} as const satisfies Readonly<Record<keyof Activities, string>>;

/** The activities that a worker registers. Everything they throw becomes an ApplicationFailure with a stable code. */
export function createActivities(deps: SealingDeps, log?: ActivityLog): Activities {
  const guard =
    <I, O>(activity: (deps: SealingDeps, input: I) => Promise<O>, name: keyof Activities) =>
    async (input: I): Promise<O> => {
      const startedMs = performance.now();
      try {
        const output = await activity(deps, input);
        const seconds = (performance.now() - startedMs) / 1000;
        deps.metrics?.record({ kind: 'stage', stage: STAGE_OF[name], seconds });
        log?.info({ activity: name, ...subjectOf(input, output), ...runOf(), seconds }, 'activity completed');
        return output;
      } catch (error) {
        const failure = toFailure(error);
        const code = countFailure(deps, failure);
        const facts = { activity: name, ...subjectOf(input, undefined), code, reason: failure.message };
        if (code !== undefined) log?.warn({ ...facts, ...runOf() }, 'activity failed');
        throw failure;
      }
    };
  return {
    openSnapshot: guard(openSnapshot, 'openSnapshot'),
    queryBatch: guard(queryBatch, 'queryBatch'),
    hashBatch: guard(hashBatch, 'hashBatch'),
    sealManifest: guard(sealManifest, 'sealManifest'),
    signManifest: guard(signManifest, 'signManifest'),
    registerAsset: guard(registerAsset, 'registerAsset'),
    appendToLedger: guard(appendToLedger, 'appendToLedger'),
    markImmutable: guard(markImmutable, 'markImmutable'),
    recordSnapshot: guard(recordSnapshot, 'recordSnapshot'),
    reportJob: guard(reportJob, 'reportJob'),
    releaseWindow: guard(releaseWindow, 'releaseWindow'),
    verifyLedger: () => guard(verifyLedger, 'verifyLedger')(undefined),
    auditSnapshots: guard(auditSnapshots, 'auditSnapshots'),
    resolveTarget: guard(resolveTarget, 'resolveTarget'),
    nextWindow: guard(nextWindow, 'nextWindow'),
    nextLate: guard(nextLate, 'nextLate'),
    awaitSnapshot: guard(awaitSnapshot, 'awaitSnapshot'),
  };
}

/** Counts what an activity failed with, and returns its code; undefined for a cancellation, which is no failure. */
function countFailure({ metrics }: SealingDeps, failure: Error): ErrorCode | undefined {
  if (!(failure instanceof ApplicationFailure)) return undefined;
  const code = ERROR_CODES.find((known) => known === failure.type) ?? 'INTERNAL';
  metrics?.record({ kind: 'error', code });
  if (code === 'WINDOW_BUSY') metrics?.record({ kind: 'leaseWait' });
  return code;
}
