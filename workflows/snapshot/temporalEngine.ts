import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  ContinueAsNew,
  continueAsNew,
  isCancellation,
  patched,
  proxyActivities,
  sleep,
  workflowInfo,
  type ActivityOptions,
} from '@temporalio/workflow';
import type { SnapshotActivities } from '../../src/contract/activities';
import { failureOf } from '../../src/contract/failure';
import type { AuditSnapshotInput, ContinuedState } from '../../src/contract/snapshot';
import { progressPublisher } from '../progress/publishProgress';
import { ACTIVITY_OPTIONS, QUICK } from './activityOptions';
import { SNAPSHOT_VIEW } from './progressView';
import type { ActivityInput, ActivityOutput, WorkflowEngine } from './workflowEngine';

/** The activities by name, so that a call with a name that is only known at run time keeps name and input together. */
type ActivityCalls = {
  [N in keyof SnapshotActivities]: {
    executeWithOptions(options: ActivityOptions, args: [ActivityInput<N>]): Promise<ActivityOutput<N>>;
  };
};

const activities: ActivityCalls = proxyActivities<SnapshotActivities>(QUICK);

/** The engine on Temporal. `input` is the argument that continue-as-new starts the next run with. */
export function temporalEngine(input: AuditSnapshotInput): WorkflowEngine {
  return {
    call: (name, summary, argument) =>
      activities[name].executeWithOptions({ ...ACTIVITY_OPTIONS[name], summary }, [argument]),
    nowMs: () => Date.now(),
    sleep: (ms) => sleep(ms),
    withDeadline,
    shielded: (run) => CancellationScope.nonCancellable(run),
    throwIfCancelled,
    isCancellation,
    shouldContinueAsNew: () => workflowInfo().continueAsNewSuggested,
    patched,
    continueAsNew: (continued) =>
      continueAsNew<(input: AuditSnapshotInput, continued: ContinuedState) => Promise<unknown>>(
        input,
        continued,
      ),
    isContinueAsNew: (error) => error instanceof ContinueAsNew,
    failureOf,
    failed: ({ code, message }) => ApplicationFailure.nonRetryable(message, code),
    publish: progressPublisher(SNAPSHOT_VIEW),
  };
}

function throwIfCancelled(): void {
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled');
}

async function withDeadline<T>(ms: number, run: () => Promise<T>): Promise<T> {
  const outer = CancellationScope.current();
  const scope = new CancellationScope({ cancellable: true, timeout: Math.max(1, ms) });
  try {
    return await scope.run(run);
  } catch (error) {
    if (!isCancellation(error) || outer.consideredCancelled) throw error;
    throw ApplicationFailure.nonRetryable('the attempt ran out of time', 'ATTEMPT_TIMED_OUT', error);
  }
}
