import { ActivityNotFoundError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { handOver } from '../../../src/adapters/temporalHandOver';

const SCHEDULED = 1;
const STARTED = 2;

interface Pending {
  readonly activityId: string;
  readonly state: number;
  readonly lastWorkerIdentity: string;
  readonly attempt?: number;
  readonly startedMsAgo?: number;
}

/** As much of Temporal's client as a hand-over asks: open workflows with their pending activities. */
class FakeTemporal {
  readonly queries: string[] = [];
  readonly reset: string[] = [];
  readonly failed: { readonly place: object; readonly failure: ApplicationFailure }[] = [];
  readonly workflows: Record<string, readonly Pending[] | Error>;
  refusal: Error | undefined;

  constructor(workflows: Record<string, readonly Pending[] | Error>) {
    this.workflows = workflows;
  }

  get client(): Client {
    return {
      options: { namespace: 'default' },
      workflow: {
        list: ({ query }: { query: string }) => this.#list(query),
        getHandle: (workflowId: string) => ({ describe: () => this.#describe(workflowId) }),
      },
      workflowService: {
        resetStickyTaskQueue: ({ execution }: { execution: { workflowId: string } }) => {
          this.reset.push(execution.workflowId);
          return Promise.resolve({});
        },
      },
      activity: {
        fail: (place: object, failure: ApplicationFailure) => {
          if (this.refusal) return Promise.reject(this.refusal);
          this.failed.push({ place, failure });
          return Promise.resolve();
        },
      },
    } as unknown as Client;
  }

  async *#list(query: string): AsyncGenerator<{ workflowId: string; runId: string }> {
    this.queries.push(query);
    await Promise.resolve();
    for (const workflowId of Object.keys(this.workflows)) yield { workflowId, runId: `run-of-${workflowId}` };
  }

  #describe(workflowId: string): Promise<unknown> {
    const found = this.workflows[workflowId]!;
    if (found instanceof Error) return Promise.reject(found);
    const pendingActivities = found.map(({ startedMsAgo = 0, attempt = 1, ...activity }) => ({
      ...activity,
      attempt,
      lastStartedTime: { seconds: Math.floor((Date.now() - startedMsAgo) / 1000), nanos: 0 },
    }));
    return Promise.resolve({ raw: { pendingActivities } });
  }
}

const ofDead = (identity: string): boolean => identity === 'dead';

test('fails what the dead worker runs, and nothing of others or what waits already', async () => {
  const temporal = new FakeTemporal({
    one: [
      { activityId: '1', state: STARTED, lastWorkerIdentity: 'dead' },
      { activityId: '2', state: STARTED, lastWorkerIdentity: 'alive' },
      { activityId: '3', state: SCHEDULED, lastWorkerIdentity: 'dead' },
    ],
    two: [{ activityId: '1', state: STARTED, lastWorkerIdentity: 'dead' }],
  });
  expect(await handOver(temporal.client, "it's", ofDead)).toBe(2);
  expect(temporal.failed.map(({ place }) => place)).toEqual([
    { workflowId: 'one', runId: 'run-of-one', activityId: '1' },
    { workflowId: 'two', runId: 'run-of-two', activityId: '1' },
  ]);
  expect(temporal.failed[0]!.failure).toMatchObject({ type: 'WORKER_DIED', nonRetryable: false });
  expect(temporal.reset).toEqual(['one', 'two']);
  expect(temporal.queries).toEqual(["TaskQueue = 'it''s' AND ExecutionStatus = 'Running'"]);
});

test.each([
  ['a first try', 1, 100, true],
  ['a second try', 2, 100, true],
  ['a third try that had just begun', 3, 100, false],
  ['a tenth try that had run for long', 10, 60_000, true],
] as const)('%s is retried at once or by its policy', async (_, attempt, startedMsAgo, atOnce) => {
  const temporal = new FakeTemporal({
    one: [{ activityId: '1', state: STARTED, lastWorkerIdentity: 'dead', attempt, startedMsAgo }],
  });
  await handOver(temporal.client, 'queue', ofDead);
  expect(temporal.failed[0]!.failure.nextRetryDelay).toBe(atOnce ? '10ms' : undefined);
});

test('what has ended or closed in the meantime is left alone', async () => {
  const temporal = new FakeTemporal({
    closed: new WorkflowNotFoundError('closed', 'closed', undefined),
    open: [{ activityId: '1', state: STARTED, lastWorkerIdentity: 'dead' }],
  });
  temporal.refusal = new ActivityNotFoundError('ended');
  expect(await handOver(temporal.client, 'queue', ofDead)).toBe(0);
});

test('a Temporal that does not answer is named as such', async () => {
  const temporal = new FakeTemporal({
    one: [{ activityId: '1', state: STARTED, lastWorkerIdentity: 'dead' }],
  });
  temporal.refusal = new Error('no connection');
  await expect(handOver(temporal.client, 'queue', ofDead)).rejects.toMatchObject({
    code: 'TEMPORAL_UNREACHABLE',
  });
});
