import { SNAPSHOT_WORKFLOW, snapshotIdOf, workflowIdOf } from '../../src/contract/names';
import type { AuditSnapshotInput } from '../../src/contract/snapshot';
import type { SnapshotHandle } from '../../src/client';
import type { SnapshotError } from '../../src/errors';
import { brokenAtRest } from '../simulation/invariants';
import type { Step } from '../harness/heldSteps';
import { eventually } from '../harness/eventually';
import { Operator } from '../harness/operator';
import { ALL_DAYS, dayWindow, everyRecordPlace, isBehind } from '../harness/recordPlaces';
import { readRestingState } from '../harness/restingState';
import { FaultPointRuns } from '../harness/faultPointRuns';
import { StalledScan } from '../harness/stalledScan';
import { WorkerHarness } from '../harness/workerHarness';

/** Three chunks each. */
const RECORDS = 7;
/** `EventType` of Temporal's API. */
const EVENT_TYPE_WORKFLOW_TASK_FAILED = 9;

describe('a run that is cancelled', () => {
  const places = everyRecordPlace();
  let workshop: WorkerHarness;
  const ends = new Map<string, string>();

  beforeAll(async () => {
    workshop = await WorkerHarness.open({ AUDIT_CHUNK_RECORDS: '3' });
    await Promise.all(places.map(({ input }, seed) => workshop.log(RECORDS, input, seed)));
    await workshop.startWorker();
    await Promise.all(
      places.map(async ({ step, moment, input }) => {
        const held = workshop.steps.hold(input.jobId, step, moment);
        const run = await workshop.snapshots.start(input);
        await held.reached();
        await run.cancel();
        held.release();
        const end = run.result().then(() => 'succeeded');
        ends.set(input.jobId, await end.catch((error: unknown) => (error as SnapshotError).code));
      }),
    );
    // Calls that were let go when their run was over clean up behind themselves.
    await workshop.steps.idle();
  }, 180_000);

  afterAll(() => workshop.close());

  test.each(places)('$moment $step is rolled back, or finished once signing has begun', (place) => {
    const outlived = isBehind(place, 'signManifest', 'before');
    expect(ends.get(place.input.jobId)).toBe(outlived ? 'succeeded' : 'JOB_CANCELLED');
  });

  test('and rolled back marks nothing, holds no window, and finishes when its job is started again', async () => {
    const back = places.filter((place) => !isBehind(place, 'signManifest', 'before'));
    const jobs = places.map(({ input }) => input.jobId);
    const scope = { env: workshop.env, window: ALL_DAYS, jobs };
    const { leases, marks } = await readRestingState(scope);
    expect(leases).toEqual([]);
    expect([...marks.values()].filter(({ snapshotId }) => snapshotId === undefined)).toHaveLength(
      back.length * RECORDS,
    );
    await Promise.all(back.map(({ input }) => workshop.seal(input)));
    expect(await brokenAtRest(await readRestingState(scope))).toEqual([]);
  }, 120_000);
});

test('a cancel waits for the call that opens the snapshot, so that its window is not taken behind it', async () => {
  const workshop = await WorkerHarness.open();
  const [place] = everyRecordPlace();
  const { jobId } = place!.input;
  const { workflow } = workshop.client;
  await workshop.startWorker();
  const held = workshop.steps.hold(jobId, 'openSnapshot', 'before');
  const run = await workshop.snapshots.start(place!.input);
  await held.reached();
  await run.cancel();
  const isCancelling = async (): Promise<boolean> => {
    const { events } = await workflow.getHandle(run.workflowId).fetchHistory();
    return (events ?? []).some((event) => event.activityTaskCancelRequestedEventAttributes);
  };
  await eventually('the activity is asked to stop', isCancelling);
  held.release();
  await expect(run.result()).rejects.toMatchObject({ code: 'JOB_CANCELLED' });
  await workshop.steps.idle();
  const scope = { env: workshop.env, window: ALL_DAYS, jobs: [jobId] };
  expect((await readRestingState(scope)).leases).toEqual([]);
  await workshop.close();
}, 60_000);

async function pauseAndUnpause(operator: Operator, jobId: string, step: Step): Promise<void> {
  await operator.pause(jobId, step);
  await operator.unpause(jobId, step);
}

describe.each([
  ['paused, and let go on', pauseAndUnpause],
  ['reset', (operator: Operator, jobId: string, step: Step) => operator.reset(jobId, step)],
])('an activity that stands still and is %s', (_, act) => {
  const places = everyRecordPlace();
  let runs: FaultPointRuns;

  beforeAll(async () => {
    runs = await FaultPointRuns.open(places);
    const { workshop } = runs;
    const operator = new Operator(workshop.client);
    await runs.disturb(async ({ step, moment, input }) => {
      const held = workshop.steps.hold(input.jobId, step, moment);
      const run = await workshop.snapshots.start(input);
      await held.reached();
      await act(operator, input.jobId, step);
      const result = await run.result();
      // The try that others took over from goes on when all is over.
      held.release();
      return result;
    });
    await workshop.steps.idle();
  }, 180_000);

  afterAll(() => runs.workshop.close());

  test.each(places)('$moment $step ends with the manifest of an undisturbed run', async (place) => {
    const undisturbed = runs.undisturbed(place);
    expect(undisturbed.manifest).toContain(snapshotIdOf(place.input.jobId));
    expect(await runs.end(place)).toEqual(undisturbed);
  });

  test('leaves one of everything behind', async () => {
    expect(await runs.broken()).toEqual([]);
  });
});

describe('what an operator does to a run', () => {
  let workshop: WorkerHarness;
  let scan: StalledScan;
  let operator: Operator;
  const inputs: AuditSnapshotInput[] = [];

  beforeAll(async () => {
    workshop = await WorkerHarness.open({ AUDIT_CHUNK_RECORDS: '3' });
    scan = new StalledScan(workshop.deps);
    operator = new Operator(workshop.client);
    // It keeps no workflow in memory: every workflow task replays its history.
    await workshop.startWorker({ maxCachedWorkflows: 0 }, scan.deps);
  }, 60_000);

  afterAll(() => workshop.close());

  async function newJob(jobId: string): Promise<AuditSnapshotInput> {
    const input = { jobId, ...dayWindow(inputs.length) };
    inputs.push(input);
    await workshop.log(RECORDS, input);
    return input;
  }

  /** A run whose query of the log stands still. */
  async function startStalled(jobId: string): Promise<SnapshotHandle> {
    const input = await newJob(jobId);
    const stalled = scan.next();
    const run = await workshop.snapshots.start(input);
    await stalled;
    return run;
  }

  test('an activity at work that is paused stops without a failure, and goes on when it may', async () => {
    const run = await startStalled('paused');
    await operator.pause(run.jobId, 'queryBatch');
    await operator.paused(run.jobId, 'queryBatch');
    await operator.unpause(run.jobId, 'queryBatch');
    await expect(run.result()).resolves.toMatchObject({ recordCount: RECORDS });
  }, 90_000);

  test('an activity at work that is reset starts over', async () => {
    const run = await startStalled('reset');
    await operator.reset(run.jobId, 'queryBatch');
    await expect(run.result()).resolves.toMatchObject({ recordCount: RECORDS });
  }, 90_000);

  test('"start like this one" gives the same result and writes nothing', async () => {
    const input = await newJob('again');
    const result = await workshop.seal(input);
    const before = await workshop.fingerprint();
    const again = await workshop.client.workflow.execute(SNAPSHOT_WORKFLOW, {
      workflowId: workflowIdOf(input.jobId),
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      taskQueue: workshop.env['TEMPORAL_TASK_QUEUE']!,
      args: [input],
    });
    expect(again).toEqual(result);
    expect(await workshop.fingerprint()).toEqual(before);
  }, 60_000);

  test('signals, updates and queries that mean nothing fail no workflow task', async () => {
    const input = await newJob('nonsense');
    const held = workshop.steps.hold(input.jobId, 'hashBatch', 'before');
    const run = await workshop.snapshots.start(input);
    await held.reached();
    const handle = workshop.client.workflow.getHandle(run.workflowId);
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

  test('after all of it one of everything is there', async () => {
    await workshop.steps.idle();
    const window = { from: inputs[0]!.from, to: inputs.at(-1)!.to };
    const jobs = inputs.map(({ jobId }) => jobId);
    expect(await brokenAtRest(await readRestingState({ env: workshop.env, window, jobs }))).toEqual([]);
    expect(scan.count).toBe(2);
  });
});
