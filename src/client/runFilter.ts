import { SNAPSHOT_WORKFLOW } from '../contract/names';
import { SnapshotError } from '../errors';
import { STAGES, type Stage } from '../contract/snapshot';
import type { RunStatus } from '../contract/jobStatus';
import { instantOf, type WindowInput } from './submission';

/** Which runs to list; members are joined by "and", values of one member by "or". */
export interface RunFilter {
  readonly status?: ListedStatus | readonly ListedStatus[] | undefined;
  readonly stage?: Stage | readonly Stage[] | undefined;
  readonly jobId?: string | undefined;
  /** Runs whose window shares at least a millisecond with this one. */
  readonly overlaps?: WindowInput | undefined;
  /** 1: runs that found something. */
  readonly minFindings?: number | undefined;
}

/** Temporal 1.29 knows no filter for paused runs. */
type ListedStatus = Exclude<RunStatus, 'unknown' | 'paused'>;

/** Our words for a run's status, and those of Temporal's list filter. */
const STATUS_NAMES: Readonly<Record<ListedStatus, string>> = {
  running: 'Running',
  succeeded: 'Completed',
  failed: 'Failed',
  cancelled: 'Canceled',
  terminated: 'Terminated',
  timedOut: 'TimedOut',
};

/**
 * The list filter of Temporal for these runs (https://docs.temporal.io/list-filter). Every value is either one of a closed
 * set, a number, an instant, or quoted. USAGE_INVALID.
 */
export function runQuery(taskQueue: string, filter: RunFilter = {}): string {
  const { status, stage, jobId, overlaps, minFindings } = filter;
  const clauses = [
    `WorkflowType = ${quote(SNAPSHOT_WORKFLOW)}`,
    `TaskQueue = ${quote(taskQueue)}`,
    // A run that went on under a new run id is listed under that one.
    `ExecutionStatus != 'ContinuedAsNew'`,
  ];
  if (status !== undefined) clauses.push(oneOf('ExecutionStatus', listOf(status).map(statusName)));
  if (stage !== undefined) clauses.push(oneOf('AuditStage', listOf(stage).map(knownStage)));
  if (jobId !== undefined) clauses.push(`AuditJobId = ${quote(jobId)}`);
  if (overlaps !== undefined) {
    // SQLite compares instants as text, where 00.000 lies behind the same instant written 00: `<=` would miss equal ones.
    const behind = new Date(Date.parse(instantOf('overlaps.to', overlaps.to)) + 1).toISOString();
    clauses.push(`AuditWindowFrom < ${quote(behind)}`);
    clauses.push(`AuditWindowTo >= ${quote(instantOf('overlaps.from', overlaps.from))}`);
  }
  if (minFindings !== undefined) {
    if (!Number.isSafeInteger(minFindings) || minFindings < 0)
      throw invalid('minFindings is not a whole number from 0');
    clauses.push(`AuditFindings >= ${minFindings}`);
  }
  return clauses.join(' AND ');
}

/**
 * A text literal of the list filter; a quote in it is written twice. Temporal 1.29 finds nothing by a value with one of the
 * other characters that its parser escapes, so that asking for it would look like an empty list.
 */
function quote(text: string): string {
  if (!/["\\\p{Cc}]/u.test(text)) return `'${text.replaceAll("'", "''")}'`;
  throw invalid(
    `Temporal cannot list by ${JSON.stringify(text)}: it holds a double quote, backslash or control character`,
  );
}

function oneOf(name: string, values: readonly string[]): string {
  return `${name} IN (${values.map(quote).join(', ')})`;
}

function listOf<T extends string>(given: T | readonly T[]): readonly T[] {
  const values = typeof given === 'string' ? [given] : given;
  if (values.length === 0) throw invalid('an empty list of values fits no run; leave the member out');
  return values;
}

function statusName(status: ListedStatus): string {
  // What JavaScript callers hand in is not held to the types.
  if (Object.hasOwn(STATUS_NAMES, status)) return STATUS_NAMES[status];
  throw invalid(
    `unknown status ${JSON.stringify(status)}; known are: ${Object.keys(STATUS_NAMES).join(', ')}`,
  );
}

function knownStage(stage: Stage): Stage {
  if (STAGES.includes(stage)) return stage;
  throw invalid(`unknown stage ${JSON.stringify(stage)}; known are: ${STAGES.join(', ')}`);
}

function invalid(reason: string): SnapshotError {
  return new SnapshotError('USAGE_INVALID', `list: ${reason}`);
}
