import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, defineSearchAttributeKey } from '@temporalio/common';
import { toTemporalError } from './adapters/temporalConnection';
import { PROGRESS_QUERY, SNAPSHOT_WORKFLOW, snapshotIdOf, TASK_QUEUE, workflowIdOf } from './contract/names';
import type { SEARCH_ATTRIBUTES } from './contract/searchAttributes';
import type { AuditSnapshotInput, AuditSnapshotResult, Progress } from './contract/snapshot';
import { ERROR_CODES, SnapshotError, type ErrorCode } from './errors';

/** One run of auditSnapshotWorkflow, by its job. */
export interface SnapshotHandle {
  readonly jobId: string;
  readonly workflowId: string;
  /** Waits for the end. A failed run rejects with its stable code. */
  result(): Promise<AuditSnapshotResult>;
  progress(): Promise<Progress>;
  /** Asks the run to stop; from signing on it finishes all the same. */
  cancel(): Promise<void>;
}

/** Starts and follows snapshots through Temporal's client SDK, from any service. */
export class AuditSnapshotClient {
  readonly #client: Client;
  readonly #taskQueue: string;

  constructor(client: Client, taskQueue: string = TASK_QUEUE) {
    this.#client = client;
    this.#taskQueue = taskQueue;
  }

  /**
   * Starts the snapshot of a job. Idempotent per job: a run that is under way or has succeeded is attached to, one that
   * failed is started again and goes on from its checkpoint. TEMPORAL_*.
   */
  async start(input: AuditSnapshotInput): Promise<SnapshotHandle> {
    const { jobId, from, to } = input;
    const workflowId = workflowIdOf(jobId);
    try {
      await this.#client.workflow.start(SNAPSHOT_WORKFLOW, {
        workflowId,
        taskQueue: this.#taskQueue,
        args: [input],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
        staticSummary: `Seal the audit log ${from} → ${to}`,
        staticDetails: `Job \`${jobId}\`, snapshot \`${snapshotIdOf(jobId)}\`, window ${from} → ${to}, both inclusive.`,
        typedSearchAttributes: [
          { key: keyword('AuditJobId'), value: jobId },
          { key: keyword('AuditSnapshotId'), value: snapshotIdOf(jobId) },
          { key: keyword('AuditStage'), value: 'opening' },
          { key: datetime('AuditWindowFrom'), value: new Date(from) },
          { key: datetime('AuditWindowTo'), value: new Date(to) },
        ],
      });
    } catch (error) {
      // It has succeeded before: the handle below finds that run and its result.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw toTemporalError(workflowId, error);
    }
    return this.attach(jobId);
  }

  /** The latest run of a job; whether there is one shows at the first call on it. */
  attach(jobId: string): SnapshotHandle {
    const workflowId = workflowIdOf(jobId);
    const handle = this.#client.workflow.getHandle(workflowId);
    return {
      jobId,
      workflowId,
      result: () => onRun(jobId, () => resultOf(handle)),
      progress: () => onRun(jobId, () => handle.query<Progress>(PROGRESS_QUERY)),
      cancel: () => onRun(jobId, async () => void (await handle.cancel())),
    };
  }
}

type NameOfType<T> = {
  [N in keyof typeof SEARCH_ATTRIBUTES]: (typeof SEARCH_ATTRIBUTES)[N] extends T ? N : never;
}[keyof typeof SEARCH_ATTRIBUTES];

const keyword = (name: NameOfType<'Keyword'>) => defineSearchAttributeKey(name, 'KEYWORD');
const datetime = (name: NameOfType<'Datetime'>) => defineSearchAttributeKey(name, 'DATETIME');

async function onRun<T>(jobId: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) {
      throw new SnapshotError('JOB_NOT_FOUND', `Temporal knows no run of job ${jobId}`);
    }
    throw toTemporalError(`run of job ${jobId}`, error);
  }
}

async function resultOf(handle: WorkflowHandle): Promise<AuditSnapshotResult> {
  try {
    return (await handle.result()) as AuditSnapshotResult;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    throw toRunError(error.cause);
  }
}

function toRunError(cause: Error | undefined): SnapshotError {
  if (cause instanceof CancelledFailure) return new SnapshotError('JOB_CANCELLED', 'the run was cancelled');
  const type = cause instanceof ApplicationFailure ? cause.type : undefined;
  const code: ErrorCode = ERROR_CODES.find((known) => known === type) ?? 'INTERNAL';
  return new SnapshotError(code, cause?.message ?? 'the run ended without a result');
}
