import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { OpenSnapshotInput } from '../../src/contract/activities';
import { connectTemporal } from '../../src/temporal/connection';
import { DEFAULT_POLICY } from '../../src/schedule/scheduleSettings';
import { readTemporalConfig } from '../../src/config';
import { snapshotIdOf } from '../../src/contract/names';
import {
  SCHEDULE_WORKFLOW_PREFIX,
  type AuditScheduleResult,
  type NextLateInput,
  type NextWindowInput,
} from '../../src/contract/schedule';
import { windowJobId } from '../../src/contract/scheduleJobIds';
import { AuditSchedules } from '../../src/temporal/schedules';

const HOUR_MS = 3_600_000;
const WINDOWS = 53;
const codePath = join(resolve(__dirname, '../../dist'), 'workflow-bundle.js');

/** Activities that plan hour after hour and seal nothing: the test is about the workflow. */
class PlanningActivities {
  readonly late: NextLateInput[] = [];
  readonly opened: string[] = [];

  readonly activities = {
    resolveTarget: ({ nominalTime }: { nominalTime: string }) => Promise.resolve({ target: nominalTime }),
    nextWindow: ({ schedule: { scheduleId, startAt }, target, sealed }: NextWindowInput) => {
      const fromMs = Date.parse(startAt) + this.opened.length * HOUR_MS;
      const until = new Date(fromMs).toISOString();
      const jobId = windowJobId(scheduleId, fromMs - HOUR_MS);
      const now = this.opened.length === 0 ? sealed : { startAt, until, jobId };
      const left = (Date.parse(target) - fromMs) / HOUR_MS;
      const window = { from: until, to: new Date(fromMs + HOUR_MS - 1).toISOString() };
      const next = left === 0 ? null : { jobId: windowJobId(scheduleId, fromMs), window, onTamper: 'seal' };
      return Promise.resolve({ sealed: now, next, left });
    },
    nextLate: (input: NextLateInput) => {
      this.late.push(input);
      return Promise.resolve(null);
    },
    openSnapshot: ({ jobId, window }: OpenSnapshotInput) => {
      this.opened.push(jobId);
      const result = { snapshotId: snapshotIdOf(jobId), window, recordCount: 2, findingCount: 1 };
      return Promise.resolve({ state: 'closed', result });
    },
    reportJob: () => Promise.resolve(),
  };
}

test('one run seals the windows of a long outage in two histories without losing a count', async () => {
  const taskQueue = `long-${process.pid}`;
  const temporal = readTemporalConfig();
  const { connection, client } = await connectTemporal(temporal);
  const native = await NativeConnection.connect({ address: temporal.address });
  const planned = new PlanningActivities();
  const worker = await Worker.create({
    connection: native,
    namespace: temporal.namespace,
    taskQueue,
    workflowBundle: { codePath },
    activities: planned.activities,
  });
  const startAt = '2026-02-01T00:00:00.000Z';
  const end = new Date(Date.parse(startAt) + WINDOWS * HOUR_MS);
  const schedules = new AuditSchedules(client, taskQueue);
  const input = { scheduleId: taskQueue, everySeconds: 3600, startAt };
  await schedules.create({ ...DEFAULT_POLICY, input }, { paused: true, sameStart: true });
  const result = await worker.runUntil(async () => {
    await schedules.backfill(taskQueue, end, end, 'allow-all');
    const workflowId = `${SCHEDULE_WORKFLOW_PREFIX}${taskQueue}-${end.toISOString().replace('.000', '')}`;
    for (;;) {
      const handle = client.workflow.getHandle(workflowId);
      if (await handle.describe().catch(() => undefined))
        return (await handle.result()) as AuditScheduleResult;
      await pause(100);
    }
  });
  await schedules.delete(taskQueue);
  const runs: string[] = [];
  const begins = new Set<string>();
  const query = `TaskQueue = '${taskQueue}' AND WorkflowType = 'auditScheduleWorkflow'`;
  for await (const { status, searchAttributes } of client.workflow.list({ query })) {
    runs.push(status.name);
    begins.add((searchAttributes['AuditWindowFrom']![0] as Date).toISOString());
  }
  await native.close();
  await connection.close();

  expect(result).toMatchObject({
    nominalTime: end.toISOString(),
    windowCount: WINDOWS,
    recordCount: 2 * WINDOWS,
    findingCount: WINDOWS,
    sealed: { until: end.toISOString() },
  });
  expect(result.windows).toHaveLength(30);
  expect(new Set(planned.opened).size).toBe(WINDOWS);
  expect(planned.opened).toHaveLength(WINDOWS);
  expect(planned.late).toEqual([expect.objectContaining({ firstSealed: startAt })]);
  expect([...begins]).toEqual([startAt]);
  expect(runs.toSorted()).toEqual(['COMPLETED', 'CONTINUED_AS_NEW']);
}, 120_000);
