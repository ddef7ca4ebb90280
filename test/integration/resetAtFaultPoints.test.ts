import { workflowIdOf } from '../../src/contract/names';
import type { AuditSnapshotResult } from '../../src/contract/snapshot';
import { findViolations } from '../harness/invariants';
import { dayWindow, everyFaultPoint, type FaultPoint } from '../harness/faultPoints';
import { readEvents, resetRun } from '../harness/resetRun';
import { readQuiescentState } from '../harness/quiescentState';
import { FaultPointRuns } from '../harness/faultPointRuns';
import { testOutcomes } from '../harness/faultPointTests';
import { WorkerHarness } from '../harness/workerHarness';

/** Three chunks each. */
const RECORDS = 7;
const POINTS = everyFaultPoint();
/** Resets to every completed workflow task of a running job, and not only to the first and the last one. */
const EXHAUSTIVE = process.env['EXHAUSTIVE'] === '1';

describe('a finished run that is reset', () => {
  const job = { jobId: 'finished', ...dayWindow(0) };
  let harness: WorkerHarness;
  let first: AuditSnapshotResult;

  beforeAll(async () => {
    harness = await WorkerHarness.open({ AUDIT_CHUNK_RECORDS: '3' });
    await harness.log(RECORDS, job);
    await harness.startWorker();
    first = await harness.seal(job);
  }, 300_000);

  afterAll(() => harness.close());

  test('a finished run that is reset to any of its events has the same result and changes nothing that is stored', async () => {
    const { client } = harness;
    const workflowId = workflowIdOf(job.jobId);
    const { runId } = await client.workflow.getHandle(workflowId).describe();
    const { all, boundaries } = await readEvents(client.workflow.getHandle(workflowId, runId));
    const before = await harness.fingerprint();
    const accepted: number[] = [];
    for (const eventId of all) {
      const run = await resetRun(client, { workflowId, runId }, eventId);
      if (!run) continue;
      accepted.push(eventId);
      expect({ eventId, result: await run.result() }).toEqual({ eventId, result: first });
      expect(await harness.fingerprint()).toEqual(before);
    }
    // The server refuses events between two workflow tasks; clients then choose the task before them.
    expect(accepted).toEqual(expect.arrayContaining(boundaries));
    expect(boundaries.length).toBeGreaterThan(10);
  }, 300_000);

  test('a finished run that was reset violates no invariant', async () => {
    const scope = { env: harness.env, window: job, jobs: [job.jobId] };
    expect(await findViolations(await readQuiescentState(scope))).toEqual([]);
  });
});

describe('a run that is reset at a fault point', () => {
  let runs: FaultPointRuns;
  let resets = 0;

  beforeAll(async () => {
    runs = await FaultPointRuns.open(POINTS);
    await runs.runEach(resetAt);
  }, 200_000);

  afterAll(() => runs.harness.close());

  /** Holds the run at the fault point; after each reset it is held there again. */
  async function resetAt({ activity, moment, input }: FaultPoint): Promise<AuditSnapshotResult> {
    const { harness } = runs;
    const { jobId } = input;
    const workflowId = workflowIdOf(jobId);
    let held = harness.activities.hold(jobId, activity, moment);
    await harness.snapshots.start(input);
    await held.reached();
    const { runId } = await harness.client.workflow.getHandle(workflowId).describe();
    const { boundaries } = await readEvents(harness.client.workflow.getHandle(workflowId, runId));
    const chosen = EXHAUSTIVE ? boundaries : [...new Set([boundaries[0]!, boundaries.at(-1)!])];
    const passed = [runId];
    for (const eventId of chosen) {
      const next = harness.activities.hold(jobId, activity, moment, passed);
      const fresh = await resetRun(harness.client, { workflowId, runId }, eventId);
      expect(fresh).toBeDefined();
      resets++;
      passed.push((await fresh!.describe()).runId);
      // A run that finds its snapshot closed after the reset does not reach the fault point.
      const ended = fresh!.result().then(() => false);
      if (!(await Promise.race([next.reached(), ended]))) next.release();
      // The activity of the run before the reset continues now, at the same time as its successor.
      held.release();
      held = next;
    }
    held.release();
    return harness.snapshots.attach(jobId).result();
  }

  testOutcomes(
    'a run that is reset $moment $activity makes the manifest of a run without faults',
    POINTS,
    () => runs,
  );

  test('runs that were reset violate no invariant', async () => {
    await runs.harness.activities.idle();
    expect(await runs.violations()).toEqual([]);
    expect(resets).toBeGreaterThanOrEqual(POINTS.length);
  });
});
