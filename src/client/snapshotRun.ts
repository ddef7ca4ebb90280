import type { WorkflowExecutionInfo } from '@temporalio/client';
import { runStatusOf, type RunStatus } from '../contract/jobStatus';
import { jobIdOf, snapshotIdOf } from '../contract/names';
import type { Stage } from '../contract/snapshot';
import type { Window } from '../contract/window';
import { ATTRIBUTES } from './runAttributes';

/** One run as Temporal lists it: no worker is asked. A job that was started again has several. */
export interface SnapshotRun {
  readonly jobId: string;
  readonly snapshotId: string;
  readonly workflowId: string;
  readonly runId: string;
  /** Workers of one product poll it; another one's runs are about another log. */
  readonly taskQueue: string;
  readonly status: RunStatus;
  /** Undefined, as the window, for a run that was started by hand and that no worker has seen yet. */
  readonly stage: Stage | undefined;
  readonly window: Window | undefined;
  /** Known from marking on. */
  readonly recordCount: number | undefined;
  readonly findings: number | undefined;
  /** Known when the snapshot is closed. */
  readonly late: number | undefined;
  readonly startedAt: Date;
  readonly closedAt: Date | undefined;
}

type RunInfo = Pick<
  WorkflowExecutionInfo,
  'workflowId' | 'runId' | 'taskQueue' | 'status' | 'typedSearchAttributes' | 'startTime' | 'closeTime'
>;

/** Reads one entry of Temporal's list, or the answer to `describe`. */
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
