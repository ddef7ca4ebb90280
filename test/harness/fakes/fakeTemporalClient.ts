import {
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionStatusName,
} from '@temporalio/client';
import { TypedSearchAttributes, type SearchAttributePair } from '@temporalio/common';
import { deferred, type Deferred } from '../deferred';

interface FakeRun {
  status: WorkflowExecutionStatusName;
  readonly input: unknown;
  readonly taskQueue: string;
  readonly attributes: SearchAttributePair[];
  readonly ended: Deferred<unknown>;
  cancels: number;
}

interface StartOptions {
  readonly workflowId: string;
  readonly taskQueue: string;
  readonly args: readonly unknown[];
  readonly typedSearchAttributes: SearchAttributePair[];
}

/** Workflow executions in memory, as far as our client uses them: one run for each workflow id. */
export class FakeTemporalClient {
  readonly runs = new Map<string, FakeRun>();
  readonly queries: string[] = [];
  /** The answer to a query; by default that of a namespace without workers. */
  onQuery: () => Promise<unknown> = () => Promise.reject(grpcFailure(9, 'no poller seen for task queue'));
  /** Thrown by the next start, as when the server cannot be reached. */
  startFailure: Error | undefined;
  abortedCalls = 0;
  /** Of every run, as `describe` returns them. */
  pendingActivities: object[] = [];

  get client(): Client {
    return this as unknown as Client;
  }

  /** Ends a run: with its result, or as failed with that cause. */
  end(workflowId: string, outcome: { readonly result: unknown } | { readonly cause: Error }): void {
    const run = this.runs.get(workflowId)!;
    if ('result' in outcome) run.ended.resolve(outcome.result);
    else run.ended.reject(new WorkflowFailedError('Workflow execution failed', outcome.cause, 'TIMEOUT'));
    run.status = 'result' in outcome ? 'COMPLETED' : 'FAILED';
  }

  withDeadline<T>(_deadline: number | Date, call: () => Promise<T>): Promise<T> {
    return call();
  }

  /** Real calls are cancelled on the event; here it is only counted. */
  withAbortSignal<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    signal.addEventListener('abort', () => (this.abortedCalls += 1), { once: true });
    return call();
  }

  readonly workflow = {
    start: async (_type: string, options: StartOptions): Promise<void> => {
      if (this.startFailure) throw this.startFailure;
      const { workflowId, taskQueue, args, typedSearchAttributes } = options;
      const status = this.runs.get(workflowId)?.status;
      if (status === 'RUNNING' || status === 'COMPLETED')
        throw new WorkflowExecutionAlreadyStartedError(
          'already started',
          workflowId,
          'auditSnapshotWorkflow',
        );
      this.runs.set(workflowId, {
        status: 'RUNNING',
        input: args[0],
        taskQueue,
        attributes: typedSearchAttributes,
        ended: deferred(),
        cancels: 0,
      });
    },

    getHandle: (workflowId: string) => ({
      result: async () => this.#find(workflowId).ended.promise,
      query: async () => {
        this.#find(workflowId);
        return this.onQuery();
      },
      cancel: async () => {
        const run = this.#find(workflowId);
        if (run.status !== 'RUNNING')
          throw new WorkflowNotFoundError('already completed', workflowId, undefined);
        run.cancels += 1;
      },
      describe: async () => this.#describe(workflowId),
    }),
  };

  #find(workflowId: string): FakeRun {
    const run = this.runs.get(workflowId);
    if (!run) throw new WorkflowNotFoundError('workflow not found', workflowId, undefined);
    return run;
  }

  #describe(workflowId: string) {
    const run = this.#find(workflowId);
    return {
      workflowId,
      runId: `run-of-${workflowId}`,
      taskQueue: run.taskQueue,
      status: { name: run.status, code: 0 },
      typedSearchAttributes: new TypedSearchAttributes(run.attributes),
      startTime: new Date(0),
      closeTime: undefined,
      raw: { pendingActivities: this.pendingActivities },
    };
  }
}

/** A failed call as the SDK throws it: its own error around that of gRPC. */
export function grpcFailure(code: number, details: string): ServiceError {
  const cause = Object.assign(new Error(`${code}: ${details}`), { code, details, metadata: {} });
  return new ServiceError('the call failed', { cause });
}
