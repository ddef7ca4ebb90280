import { SNAPSHOT_WORKFLOW } from '../contract/names';
import { SnapshotError } from '../errors';
import { STAGES, type Stage } from '../contract/snapshot';
import type { RunStatus } from '../contract/jobStatus';
import { instantOf, type WindowInput } from './submission';

/** Which runs to list; members are combined by AND, the values of one member by OR. */
export interface RunFilter {
  readonly status?: ListedStatus | readonly ListedStatus[] | undefined;
  readonly stage?: Stage | readonly Stage[] | undefined;
  readonly jobId?: string | undefined;
  /** Only runs whose window shares at least a millisecond with this one. */
  readonly overlaps?: WindowInput | undefined;
  /** Only runs with at least this many findings. */
  readonly minFindings?: number | undefined;
}

/** Temporal 1.29 has no filter for paused runs. */
type ListedStatus = Exclude<RunStatus, 'unknown' | 'paused'>;

/** The status of a run as Temporal's list filter spells it. */
const STATUS_NAMES: Readonly<Record<ListedStatus, string>> = {
  running: 'Running',
  succeeded: 'Completed',
  failed: 'Failed',
  cancelled: 'Canceled',
  terminated: 'Terminated',
  timedOut: 'TimedOut',
};

/**
 * The list filter of Temporal for these runs (https://docs.temporal.io/list-filter). Every value is one of a closed set, a
 * number, an instant, or quoted. USAGE_INVALID, WINDOW_INVALID.
 */
export function runQuery(taskQueue: string, filter: RunFilter = {}): string {
  const { status, stage, jobId, overlaps, minFindings } = filter;
  const clauses = [
    `WorkflowType = ${quote(SNAPSHOT_WORKFLOW)}`,
    `TaskQueue = ${quote(taskQueue)}`,
    // A run that continued as new is listed under its latest run id.
    `ExecutionStatus != 'ContinuedAsNew'`,
  ];
  if (status !== undefined) clauses.push(oneOf('ExecutionStatus', listOf(status).map(statusName)));
  if (stage !== undefined) clauses.push(oneOf('AuditStage', listOf(stage).map(knownStage)));
  if (jobId !== undefined) clauses.push(`AuditJobId = ${quote(jobId)}`);
  if (overlaps !== undefined) {
    // SQLite compares instants as text, where 00.000 is greater than the same instant written 00: `<=` would miss equal ones.
    const after = new Date(Date.parse(instantOf('overlaps.to', overlaps.to)) + 1).toISOString();
    clauses.push(`AuditWindowFrom < ${quote(after)}`);
    clauses.push(`AuditWindowTo >= ${quote(instantOf('overlaps.from', overlaps.from))}`);
  }
  if (minFindings !== undefined) {
    if (!Number.isSafeInteger(minFindings) || minFindings < 0)
      throw invalid('minFindings is not a whole number of at least 0');
    clauses.push(`AuditFindings >= ${minFindings}`);
  }
  return clauses.join(' AND ');
}

/**
 * A text literal of the list filter; a quote in it is doubled. Temporal 1.29 finds nothing for a value with one of the other
 * characters that its parser escapes, so such a filter is rejected instead of returning an empty list.
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
  if (values.length === 0) throw invalid('an empty list of values matches no run; leave the member out');
  return values;
}

function statusName(status: ListedStatus): string {
  // JavaScript callers are not held to the types.
  if (Object.hasOwn(STATUS_NAMES, status)) return STATUS_NAMES[status];
  throw invalid(
    `unknown status ${JSON.stringify(status)}; use one of: ${Object.keys(STATUS_NAMES).join(', ')}`,
  );
}

function knownStage(stage: Stage): Stage {
  if (STAGES.includes(stage)) return stage;
  throw invalid(`unknown stage ${JSON.stringify(stage)}; use one of: ${STAGES.join(', ')}`);
}

function invalid(reason: string): SnapshotError {
  return new SnapshotError('USAGE_INVALID', `list: ${reason}`);
}
