import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  ContinueAsNew,
  TimeoutFailure,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
  type ActivityOptions,
} from '@temporalio/workflow';
import type { SnapshotActivities } from '../../src/contract/activities';
import type { AuditSnapshotInput, ContinuedState, Progress } from '../../src/contract/snapshot';
import type { Failure, WorkflowEngine } from './workflowEngine';
import { describeProgress } from './describeProgress';

const RETRY = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' } as const;

/** Without limit of tries: the time of the attempt is the limit, and codes that cannot pass are not retried. */
const QUICK: ActivityOptions = { startToCloseTimeout: '1m', heartbeatTimeout: '10s', retry: RETRY };
const LONG: ActivityOptions = { startToCloseTimeout: '30m', heartbeatTimeout: '10s', retry: RETRY };
/** A cancel waits for its end, or it would take the window that the cancel has just given back. */
const OPEN: ActivityOptions = { ...QUICK, cancellationType: 'WAIT_CANCELLATION_COMPLETED' };
const REPORT: ActivityOptions = { ...QUICK, scheduleToCloseTimeout: '24h' };

const OPTIONS: Readonly<Record<keyof SnapshotActivities, ActivityOptions>> = {
  openSnapshot: OPEN,
  queryBatch: LONG,
  hashBatch: LONG,
  sealManifest: LONG,
  signManifest: LONG,
  registerAsset: LONG,
  appendToLedger: LONG,
  markImmutable: LONG,
  recordSnapshot: QUICK,
  reportJob: REPORT,
  releaseWindow: QUICK,
};

const activities = proxyActivities<SnapshotActivities>(QUICK);

/** The engine on Temporal. `input` is what continue-as-new starts the next run with. */
export function temporalEngine(input: AuditSnapshotInput): WorkflowEngine {
  let published = '';
  return {
    call: (name, summary, argument) => {
      // The union of all activities cannot be called as one; the signature of `call` keeps name and input together.
      const activity = activities[name] as unknown as {
        executeWithOptions(
          options: ActivityOptions,
          args: [unknown],
        ): Promise<Awaited<ReturnType<SnapshotActivities[typeof name]>>>;
      };
      return activity.executeWithOptions({ ...OPTIONS[name], summary }, [argument]);
    },
    nowMs: () => Date.now(),
    sleep: (ms) => sleep(ms),
    withDeadline,
    shielded: (run) => CancellationScope.nonCancellable(run),
    throwIfCancelled: () => {
      if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled');
    },
    isCancellation,
    shouldContinueAsNew: () => workflowInfo().continueAsNewSuggested,
    continueAsNew: (continued) =>
      continueAsNew<(input: AuditSnapshotInput, continued: ContinuedState) => Promise<unknown>>(
        input,
        continued,
      ),
    isContinueAsNew: (error) => error instanceof ContinueAsNew,
    failureOf,
    failed: ({ code, message }) => ApplicationFailure.nonRetryable(message, code),
    publish: (progress) => {
      setCurrentDetails(describeProgress(progress));
      const attributes = searchAttributesOf(progress);
      const text = JSON.stringify(attributes);
      // Each upsert is an event in the history, so only what a person looks for in the list is upserted.
      if (text !== published) upsertSearchAttributes(attributes);
      published = text;
    },
  };
}

async function withDeadline<T>(ms: number, run: () => Promise<T>): Promise<T> {
  const outer = CancellationScope.current();
  const scope = new CancellationScope({ cancellable: true, timeout: Math.max(1, ms) });
  try {
    return await scope.run(run);
  } catch (error) {
    if (!isCancellation(error) || outer.consideredCancelled) throw error;
    throw ApplicationFailure.nonRetryable('the attempt ran out of its time', 'ATTEMPT_TIMED_OUT', error);
  }
}

function failureOf(error: unknown): Failure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) return { code: cause.type ?? 'INTERNAL', message: cause.message };
  if (cause instanceof TimeoutFailure) return { code: 'ATTEMPT_TIMED_OUT', message: cause.message };
  return { code: 'INTERNAL', message: cause instanceof Error ? cause.message : String(cause) };
}

function searchAttributesOf(progress: Progress): Record<string, string[] | number[] | Date[]> {
  const settled = progress.stage === 'done' || progress.stage === 'failed' || progress.stage === 'cancelled';
  return {
    AuditJobId: [progress.jobId],
    AuditSnapshotId: [progress.snapshotId],
    AuditStage: [progress.stage],
    AuditWindowFrom: [new Date(progress.window.from)],
    AuditWindowTo: [new Date(progress.window.to)],
    ...(settled || progress.stage === 'marking' ? { AuditRecordCount: [progress.hashed] } : {}),
    AuditFindings: [progress.findings],
    ...(progress.late === undefined ? {} : { AuditLateCount: [progress.late] }),
  };
}
