import type { WorkflowExecutionInfo } from '@temporalio/client';
import { runStatusOf, type RunStatus } from '../contract/jobStatus';
import { jobIdOf, snapshotIdOf } from '../contract/names';
import type { Stage } from '../contract/snapshot';
import type { Window } from '../contract/window';
import { ATTRIBUTES } from './runAttributes';

/** One run as Temporal lists it, without a worker. A job that was started again has several. */
export interface SnapshotRun {
  readonly jobId: string;
  readonly snapshotId: string;
  readonly workflowId: string;
  readonly runId: string;
  /** Each deployment has its own; runs of another task queue seal another log. */
  readonly taskQueue: string;
  readonly status: RunStatus;
  /** Undefined, like the window, for a run that was not started by this library and that no worker has picked up. */
  readonly stage: Stage | undefined;
  readonly window: Window | undefined;
  /** Set from the stage `marking` on. */
  readonly recordCount: number | undefined;
  readonly findings: number | undefined;
  /** Set when the snapshot is closed. */
  readonly late: number | undefined;
  readonly startedAt: Date;
  readonly closedAt: Date | undefined;
}

type RunInfo = Pick<
  WorkflowExecutionInfo,
  'workflowId' | 'runId' | 'taskQueue' | 'status' | 'typedSearchAttributes' | 'startTime' | 'closeTime'
>;

/** Reads one entry of Temporal's list, or the response of `describe`. */
export function snapshotRunOf(info: RunInfo): SnapshotRun {
  const attributes = info.typedSearchAttributes;
  const jobId = attributes.get(ATTRIBUTES.jobId) ?? jobIdOf(info.workflowId);
  const from = attributes.get(ATTRIBUTES.from);
  const to = attributes.get(ATTRIBUTES.to);
  return {
    jobId,
    snapshotId: attributes.get(ATTRIBUTES.snapshotId) ?? snapshotIdOf(jobId),
    workflowId: info.workflowId,
    runId: info.runId,
    taskQueue: info.taskQueue,
    status: runStatusOf(info.status.name),
    stage: attributes.get(ATTRIBUTES.stage) as Stage | undefined,
    window: from && to ? { from: from.toISOString(), to: to.toISOString() } : undefined,
    recordCount: attributes.get(ATTRIBUTES.recordCount),
    findings: attributes.get(ATTRIBUTES.findings),
    late: attributes.get(ATTRIBUTES.late),
    startedAt: info.startTime,
    closedAt: info.closeTime,
  };
}
