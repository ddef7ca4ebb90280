import {
  WorkflowFailedError,
  type Client,
  type ScheduleDescription,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from '@temporalio/client';
import { failureOf, type Failure } from '../contract/failure';
import { runStatusOf, type RunStatus } from '../contract/jobStatus';
import { PROGRESS_QUERY } from '../contract/names';
import type {
  AuditScheduleInput,
  AuditScheduleResult,
  ScheduleProgress,
  ScheduleTally,
} from '../contract/schedule';
import { toTemporalError } from './errors';

/** A worker answers for an open run; without a free one the query is given up after this time. */
const QUERY_MS = 3_000;

type ScheduleWorkflow = (input: AuditScheduleInput) => Promise<AuditScheduleResult>;

/** One run of a schedule, as far as it is known. */
export interface ScheduleRun {
  readonly workflowId: string;
  readonly nominalTime: string | null;
  readonly startedAt: string;
  readonly status: RunStatus;
  /** What it has sealed; null when no worker answers. */
  readonly sealed: (ScheduleTally & { readonly until: string | null }) | null;
  readonly failure?: Failure;
}

/** The recent runs of a schedule, newest first. TEMPORAL_*. */
export function readRuns(client: Client, description: ScheduleDescription): Promise<ScheduleRun[]> {
  const ids = description.info.recentActions.map(({ action }) => action.workflow.workflowId);
  return Promise.all([...new Set(ids)].toReversed().map((workflowId) => readRun(client, workflowId)));
}

/** The latest instant up to which any of the runs has sealed without a gap; null when none reports one. */
export function sealedUntilOf(runs: readonly ScheduleRun[]): string | null {
  const instants = runs.map(({ sealed }) => sealed?.until ?? '').toSorted();
  return instants.at(-1) || null;
}

async function readRun(client: Client, workflowId: string): Promise<ScheduleRun> {
  const handle = client.workflow.getHandle<ScheduleWorkflow>(workflowId);
  try {
    const description = await handle.describe();
    const base = {
      workflowId,
      nominalTime: nominalTimeOf(description),
      startedAt: description.startTime.toISOString(),
      status: runStatusOf(description.status.name),
    };
    if (base.status === 'succeeded') {
      const result = await handle.result();
      return { ...base, sealed: { ...tallyOf(result), until: result.sealed?.until ?? null } };
    }
    const sealed = await progressOf(client, workflowId);
    if (base.status !== 'failed') return { ...base, sealed };
    const failure = await readFailure(handle);
    return { ...base, sealed, ...(failure === undefined ? {} : { failure }) };
  } catch (error) {
    throw toTemporalError(`workflow ${workflowId}`, error);
  }
}

async function progressOf(client: Client, workflowId: string): Promise<ScheduleRun['sealed']> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    const progress = await client.withDeadline(Date.now() + QUERY_MS, () =>
      handle.query<ScheduleProgress>(PROGRESS_QUERY),
    );
    return { ...tallyOf(progress), until: progress.sealedUntil };
  } catch {
    // Only a worker can answer a query; the run is shown without it.
    return null;
  }
}

function tallyOf({
  windowCount,
  recordCount,
  findingCount,
  windows,
  lateCount,
  late,
}: ScheduleTally): ScheduleTally {
  return { windowCount, recordCount, findingCount, windows, lateCount, late };
}

async function readFailure(handle: WorkflowHandle<ScheduleWorkflow>): Promise<Failure | undefined> {
  try {
    await handle.result();
    return undefined;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return failureOf(error.cause ?? error);
  }
}

function nominalTimeOf({ searchAttributes }: WorkflowExecutionDescription): string | null {
  const value: unknown = searchAttributes['TemporalScheduledStartTime']?.[0];
  return value instanceof Date ? value.toISOString() : null;
}
