import type { ActivityOptions } from '@temporalio/workflow';
import type { SnapshotActivities } from '../../src/contract/activities';

/** No limit of tries: the time of the attempt is the limit, and failures that retrying cannot change are not retried. */
const RETRY = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' } as const;

export const QUICK: ActivityOptions = { startToCloseTimeout: '1m', heartbeatTimeout: '10s', retry: RETRY };
export const LONG: ActivityOptions = { startToCloseTimeout: '30m', heartbeatTimeout: '10s', retry: RETRY };
/** A cancel waits until it has ended; otherwise it could acquire the window after the cancel has released it. */
const OPEN: ActivityOptions = { ...QUICK, cancellationType: 'WAIT_CANCELLATION_COMPLETED' };
/** A report may outlast its attempt, but not for ever: the job service may be gone. */
const REPORT: ActivityOptions = { ...QUICK, scheduleToCloseTimeout: '24h' };

/** Timeouts and retries of each activity of auditSnapshotWorkflow. */
export const ACTIVITY_OPTIONS: Readonly<Record<keyof SnapshotActivities, ActivityOptions>> = {
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
