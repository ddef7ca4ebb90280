import {
  WorkflowFailedError,
  type Client,
  type ScheduleDescription,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { toTemporalError } from './connection';
import { failureOf, type Failure } from '../contract/failure';
import { runStatusOf, type RunStatus } from '../contract/jobStatus';
import { PROGRESS_QUERY } from '../contract/names';
import type { AuditScheduleResult, ScheduleProgress, ScheduleTally } from '../contract/schedule';

/** A run that is open answers by a worker; one that has none, or a busy one, is not waited for longer. */
const QUERY_MS = 3_000;

/** One run of a schedule, as far as it can be told. */
export interface ScheduleRun {
  readonly workflowId: string;
  readonly nominalTime: string | null;
  readonly startedAt: string;
  readonly status: RunStatus;
  /** What it sealed; null when nobody can say: no worker answers. */
  readonly sealed: (ScheduleTally & { readonly until: string | null }) | null;
  readonly failure?: Failure;
}

/** The recent runs of a schedule, newest first. TEMPORAL_*. */
export function readRuns(client: Client, description: ScheduleDescription): Promise<ScheduleRun[]> {
  const ids = description.info.recentActions.map(({ action }) => action.workflow.workflowId);
  return Promise.all([...new Set(ids)].toReversed().map((workflowId) => readRun(client, workflowId)));
}

/** The latest instant that any of the runs has sealed up to without a gap; null when none says so. */
export function sealedUntilOf(runs: readonly ScheduleRun[]): string | null {
  const instants = runs.map(({ sealed }) => sealed?.until ?? '').toSorted();
  return instants.at(-1) || null;
}

async function readRun(client: Client, workflowId: string): Promise<ScheduleRun> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    const description = await handle.describe();
    const base = {
      workflowId,
      nominalTime: nominalTimeOf(description),
      startedAt: description.startTime.toISOString(),
      status: runStatusOf(description.status.name),
    };
    if (base.status === 'succeeded') return { ...base, sealed: fromResult((await handle.result()) as never) };
    const failed = base.status === 'failed' ? await failureFrom(() => handle.result()) : {};
    return { ...base, sealed: await progressOf(client, workflowId), ...failed };
  } catch (error) {
    throw toTemporalError(`workflow ${workflowId}`, error);
  }
}

function fromResult({ sealed, ...tally }: AuditScheduleResult): ScheduleRun['sealed'] {
  return { ...tallyOf(tally), until: sealed?.until ?? null };
}

async function progressOf(client: Client, workflowId: string): Promise<ScheduleRun['sealed']> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    const ask = () => handle.query<ScheduleProgress>(PROGRESS_QUERY);
    const { sealedUntil, ...tally } = await client.withDeadline(Date.now() + QUERY_MS, ask);
    return { ...tallyOf(tally), until: sealedUntil };
  } catch {
    // Only a worker can answer a query; what Temporal itself knows of the run is told without it.
    return null;
  }
}

function tallyOf(given: ScheduleTally): ScheduleTally {
  const { windowCount, recordCount, findingCount, windows, lateCount, late } = given;
  return { windowCount, recordCount, findingCount, windows, lateCount, late };
}

async function failureFrom(result: () => Promise<unknown>): Promise<{ failure?: Failure }> {
  try {
    await result();
    return {};
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return { failure: failureOf(error.cause ?? error) };
  }
}

function nominalTimeOf({ searchAttributes }: WorkflowExecutionDescription): string | null {
  const value: unknown = searchAttributes['TemporalScheduledStartTime']?.[0];
  return value instanceof Date ? value.toISOString() : null;
}
