import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { failureOf, orFailWorkflow } from '../../../src/contract/failure';
import { runStatusOf } from '../../../src/contract/jobStatus';
import { SnapshotError } from '../../../src/errors';

const leaseLost = ApplicationFailure.nonRetryable('snapshot snap-1 lost its window', 'LEASE_LOST');
const activity = (cause?: Error) =>
  new ActivityFailure(undefined, 'signManifest', '1', 'IN_PROGRESS', undefined, cause);
const child = (cause?: Error) =>
  new ChildWorkflowFailure(
    'default',
    { workflowId: 'w', runId: 'r' },
    'auditSnapshotWorkflow',
    'IN_PROGRESS',
    cause,
  );

const failing = (error: Error) => () =>
  orFailWorkflow(() => {
    throw error;
  });

describe('a failure that crossed Temporal', () => {
  test.each([
    ['of the workflow itself', leaseLost, 'LEASE_LOST'],
    ['of an activity', activity(leaseLost), 'LEASE_LOST'],
    ['of a child workflow', child(leaseLost), 'LEASE_LOST'],
    ['of a child whose activity failed without a code', child(new Error('boom')), 'INTERNAL'],
    [
      'of an activity that timed out',
      activity(new TimeoutFailure('late', undefined, 'START_TO_CLOSE')),
      'ATTEMPT_TIMED_OUT',
    ],
    ['of a child that was terminated', child(new TerminatedFailure('gone')), 'JOB_TERMINATED'],
    ['of a child that was cancelled', child(new CancelledFailure('stop')), 'JOB_CANCELLED'],
    ['that names no cause', activity(), 'INTERNAL'],
    ['that is not an error', 'boom', 'INTERNAL'],
  ])('%s has its stable code', (_what, thrown, code) => {
    expect(failureOf(thrown).code).toBe(code);
  });

  test('has the message of the cause, not the one of the call around it', () => {
    expect(failureOf(activity(leaseLost)).message).toBe('snapshot snap-1 lost its window');
  });
});

describe('a check in workflow code', () => {
  test('fails the workflow with the code of a SnapshotError', () => {
    const thrown = expect.objectContaining({ type: 'PAYLOAD_INVALID', nonRetryable: true, message: 'no' });
    expect(failing(new SnapshotError('PAYLOAD_INVALID', 'no'))).toThrow(ApplicationFailure);
    expect(failing(new SnapshotError('PAYLOAD_INVALID', 'no'))).toThrow(thrown);
  });

  test('leaves any other error to Temporal, which retries the workflow task', () => {
    const bug = new TypeError('undefined is not a function');
    expect(failing(bug)).toThrow(bug);
  });
});

test.each([
  ['RUNNING', 'running'],
  ['CONTINUED_AS_NEW', 'running'],
  ['COMPLETED', 'succeeded'],
  ['TIMED_OUT', 'timedOut'],
  ['CANCELLED', 'cancelled'],
  ['a status that Temporal adds later', 'unknown'],
])('the run status %s is %s in our words', (temporalName, status) => {
  expect(runStatusOf(temporalName)).toBe(status);
});
