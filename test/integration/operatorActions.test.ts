import { SNAPSHOT_WORKFLOW, workflowIdOf } from '../../src/contract/names';
import type { AuditSnapshotInput } from '../../src/contract/snapshot';
import type { SnapshotHandle } from '../../src/client';
import type { SnapshotError } from '../../src/errors';
import { findViolations } from '../harness/invariants';
import type { ActivityName } from '../harness/sealingActivities';
import { eventually } from '../harness/eventually';
import { Operator } from '../harness/operator';
import { ALL_DAYS, dayWindow, everyFaultPoint, isAtOrAfter } from '../harness/faultPoints';
import { readQuiescentState } from '../harness/quiescentState';
import { FaultPointRuns } from '../harness/faultPointRuns';
import { testOutcomes } from '../harness/faultPointTests';
import { StalledScan } from '../harness/stalledScan';
import { WorkerHarness } from '../harness/workerHarness';

/** Three chunks each. */
const RECORDS = 7;
/** `EventType` of Temporal's API. */
const EVENT_TYPE_WORKFLOW_TASK_FAILED = 9;

describe('a run that is cancelled', () => {
  const points = everyFaultPoint();
  let harness: WorkerHarness;
  const ends = new Map<string, string>();

  beforeAll(async () => {
    harness = await WorkerHarness.open({ AUDIT_CHUNK_RECORDS: '3' });
    await Promise.all(points.map(({ input }, seed) => harness.log(RECORDS, input, seed)));
    await harness.startWorker();
    await Promise.all(
      points.map(async ({ activity, moment, input }) => {
        const held = harness.activities.hold(input.jobId, activity, moment);
        const run = await harness.snapshots.start(input);
        await held.reached();
        await run.cancel();
        held.release();
        const end = run.result().then(() => 'succeeded');
        ends.set(input.jobId, await end.catch((error: unknown) => (error as SnapshotError).code));
      }),
    );
    // Activities that were released after their run had ended clean up.
    await harness.activities.idle();
  }, 300_000);

  afterAll(() => harness.close());

  test.each(points)(
    'a run that is cancelled $moment $activity is rolled back, or finished once signing has begun',
    (point) => {
      const signing = isAtOrAfter(point, 'signManifest', 'before');
      expect(ends.get(point.input.jobId)).toBe(signing ? 'succeeded' : 'JOB_CANCELLED');
    },
  );

  test('a run that was rolled back marked nothing, holds no window, and finishes when its job is started again', async () => {
    const rolledBack = points.filter((point) => !isAtOrAfter(point, 'signManifest', 'before'));
    const jobs = points.map(({ input }) => input.jobId);
    const scope = { env: harness.env, window: ALL_DAYS, jobs };
    const { leases, marks } = await readQuiescentState(scope);
    expect(leases).toEqual([]);
    expect([...marks.values()].filter(({ snapshotId }) => snapshotId === undefined)).toHaveLength(
      rolledBack.length * RECORDS,
    );
    await Promise.all(rolledBack.map(({ input }) => harness.seal(input)));
    expect(await findViolations(await readQuiescentState(scope))).toEqual([]);
  }, 120_000);
});

test('a cancel waits for the activity that opens the snapshot, so that no lease is acquired after it', async () => {
  const harness = await WorkerHarness.open();
  const [point] = everyFaultPoint();
  const { jobId } = point!.input;
  const { workflow } = harness.client;
  await harness.startWorker();
  const held = harness.activities.hold(jobId, 'openSnapshot', 'before');
  const run = await harness.snapshots.start(point!.input);
  await held.reached();
  await run.cancel();
  const isCancelling = async (): Promise<boolean> => {
    const { events } = await workflow.getHandle(run.workflowId).fetchHistory();
    return (events ?? []).some((event) => event.activityTaskCancelRequestedEventAttributes);
  };
  await eventually('the cancel request of the activity', isCancelling);
  held.release();
  await expect(run.result()).rejects.toMatchObject({ code: 'JOB_CANCELLED' });
  await harness.activities.idle();
  const scope = { env: harness.env, window: ALL_DAYS, jobs: [jobId] };
  expect((await readQuiescentState(scope)).leases).toEqual([]);
  await harness.close();
}, 60_000);

async function pauseAndUnpause(operator: Operator, jobId: string, activity: ActivityName): Promise<void> {
  await operator.pause(jobId, activity);
  await operator.unpause(jobId, activity);
}

describe.each([
  ['paused and unpaused', pauseAndUnpause],
  ['reset', (operator: Operator, jobId: string, activity: ActivityName) => operator.reset(jobId, activity)],
])('a held activity that is %s', (action, act) => {
  const points = everyFaultPoint();
  let runs: FaultPointRuns;

  beforeAll(async () => {
    runs = await FaultPointRuns.open(points);
    const { harness } = runs;
    const operator = new Operator(harness.client);
    await runs.runEach(async ({ activity, moment, input }) => {
      const held = harness.activities.hold(input.jobId, activity, moment);
      const run = await harness.snapshots.start(input);
      await held.reached();
      await act(operator, input.jobId, activity);
      const result = await run.result();
      // The attempt that was replaced continues after its run has ended.
      held.release();
      return result;
    });
    await harness.activities.idle();
  }, 300_000);

  afterAll(() => runs.harness.close());

  testOutcomes(
    `a run that is held $moment $activity and ${action} there makes the manifest of a run without faults`,
    points,
    () => runs,
  );

  test(`runs whose activity was ${action} violate no invariant`, async () => {
    expect(await runs.violations()).toEqual([]);
  });
});

describe('actions of an operator', () => {
  let harness: WorkerHarness;
  let scan: StalledScan;
  let operator: Operator;
  const inputs: AuditSnapshotInput[] = [];

  beforeAll(async () => {
    harness = await WorkerHarness.open({ AUDIT_CHUNK_RECORDS: '3' });
    scan = new StalledScan(harness.deps);
    operator = new Operator(harness.client);
    // It keeps no workflow in memory: every workflow task replays its history.
    await harness.startWorker({ maxCachedWorkflows: 0 }, scan.deps);
  }, 60_000);

  afterAll(() => harness.close());

  async function newJob(jobId: string): Promise<AuditSnapshotInput> {
    const input = { jobId, ...dayWindow(inputs.length) };
    inputs.push(input);
    await harness.log(RECORDS, input);
    return input;
  }

  /** A run whose query of the log is stalled. */
  async function startStalled(jobId: string): Promise<SnapshotHandle> {
    const input = await newJob(jobId);
    const stalled = scan.next();
    const run = await harness.snapshots.start(input);
    await stalled;
    return run;
  }

  test('a running activity that is paused stops without a failure, and continues when it is unpaused', async () => {
    const run = await startStalled('paused');
    await operator.pause(run.jobId, 'queryBatch');
    await operator.paused(run.jobId, 'queryBatch');
    await operator.unpause(run.jobId, 'queryBatch');
    await expect(run.result()).resolves.toMatchObject({ recordCount: RECORDS });
  }, 90_000);

  test('a running activity that is reset starts over', async () => {
    const run = await startStalled('reset');
    await operator.reset(run.jobId, 'queryBatch');
    await expect(run.result()).resolves.toMatchObject({ recordCount: RECORDS });
  }, 90_000);

  test('a finished job that is started again with "start like this one" has the same result and writes nothing', async () => {
    const input = await newJob('again');
    const result = await harness.seal(input);
    const before = await harness.fingerprint();
    const again = await harness.client.workflow.execute(SNAPSHOT_WORKFLOW, {
      workflowId: workflowIdOf(input.jobId),
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      taskQueue: harness.env['TEMPORAL_TASK_QUEUE']!,
      args: [input],
    });
    expect(again).toEqual(result);
    expect(await harness.fingerprint()).toEqual(before);
  }, 60_000);

  test('unknown signals, updates and queries fail no workflow task', async () => {
    const input = await newJob('nonsense');
    const held = harness.activities.hold(input.jobId, 'hashBatch', 'before');
    const run = await harness.snapshots.start(input);
    await held.reached();
    const handle = harness.client.workflow.getHandle(run.workflowId);
    for (const name of ['nonsense', 'progress', 'constructor'])
      await handle.signal(name, { deep: [null, Number.MAX_VALUE, '\u0000'] });
    await expect(handle.query('nonsense')).rejects.toThrow('did not register a handler for nonsense');
    await expect(handle.query('progress', 'more', 'than asked for')).resolves.toMatchObject({
      stage: 'sealing',
    });
    await expect(handle.executeUpdate('nonsense', { args: [1] })).rejects.toThrow('Workflow Update failed');
    held.release();
    await expect(run.result()).resolves.toMatchObject({ recordCount: RECORDS });
    const { events } = await handle.fetchHistory();
    expect(events?.filter(({ eventType }) => Number(eventType) === EVENT_TYPE_WORKFLOW_TASK_FAILED)).toEqual(
      [],
    );
  }, 60_000);

  test('after all actions of the operator no invariant is violated', async () => {
    await harness.activities.idle();
    const window = { from: inputs[0]!.from, to: inputs.at(-1)!.to };
    const jobs = inputs.map(({ jobId }) => jobId);
    expect(await findViolations(await readQuiescentState({ env: harness.env, window, jobs }))).toEqual([]);
    expect(scan.count).toBe(2);
  });
});
