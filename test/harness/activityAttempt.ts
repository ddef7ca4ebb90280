import { Context, asyncLocalStorage, type Info } from '@temporalio/activity';
import { noopMetricMeter, type Logger } from '@temporalio/common';

/** What an attempt knows of itself, if a test does not say otherwise. */
const INFO: Info = {
  attempt: 1,
  taskQueue: 'test',
  isLocal: false,
  taskToken: Buffer.from('test'),
  base64TaskToken: Buffer.from('test').toString('base64'),
  activityId: 'test',
  activityType: 'test',
  workflowType: 'test',
  workflowExecution: { workflowId: 'test', runId: '00000000-0000-0000-0000-000000000000' },
  activityNamespace: 'default',
  workflowNamespace: 'default',
  namespace: 'default',
  heartbeatDetails: undefined,
  scheduledTimestampMs: 1,
  currentAttemptScheduledTimestampMs: 1,
  startToCloseTimeoutMs: 1000,
  scheduleToCloseTimeoutMs: 1000,
  inWorkflow: true,
};

const NEVER = new Promise<never>(() => undefined);
/** No attempt is told to stop: one that lost its workflow continues as a zombie. */
const SIGNAL = new AbortController().signal;
const nothing = (): void => undefined;
const QUIET: Logger = {
  log: nothing,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};

/** The SDK's context of one attempt, which is never cancelled and whose log lines are dropped. */
export function contextOf(info: Partial<Info>): Context {
  return new Context({ ...INFO, ...info }, NEVER, SIGNAL, nothing, undefined, QUIET, noopMetricMeter, {});
}

/**
 * Runs code as an attempt of an activity. The SDK's `MockActivityEnvironment` does the same and more, but it loads the
 * worker and its native code, which takes longer than most tests of activities.
 */
export function runAttempt<T>(info: Partial<Info>, work: () => Promise<T>): Promise<T> {
  return asyncLocalStorage.run(contextOf(info), work);
}
