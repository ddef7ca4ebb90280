import { snapshotIdOf, workflowIdOf } from '../../src/contract/names';
import type { AuditSnapshotResult } from '../../src/contract/snapshot';
import { findViolations } from '../harness/invariants';
import { dayWindow, everyFaultPoint, type FaultPoint } from '../harness/faultPoints';
import { readEvents, resetRun } from '../harness/resetRun';
import { readQuiescentState } from '../harness/quiescentState';
import { FaultPointRuns } from '../harness/faultPointRuns';
import { WorkerHarness } from '../harness/workerHarness';

/** Three chunks each. */
const RECORDS = 7;
const POINTS = everyFaultPoint();
/** Every boundary of a run that is under way, and not only the first and the last one. */
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

  test('to any of its events gives the same result, and nothing that is stored changes', async () => {
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
    // The server refuses what lies between two workflow tasks; clients then take the task in front of it.
    expect(accepted).toEqual(expect.arrayContaining(boundaries));
    expect(boundaries.length).toBeGreaterThan(10);
  }, 300_000);

  test('leaves one of everything behind', async () => {
    const scope = { env: harness.env, window: job, jobs: [job.jobId] };
    expect(await findViolations(await readQuiescentState(scope))).toEqual([]);
  });
});

describe('a run that is reset while it stands at a named step', () => {
  let runs: FaultPointRuns;
  let resets = 0;

  beforeAll(async () => {
    runs = await FaultPointRuns.open(POINTS);
    await runs.runEach(resetAt);
  }, 200_000);

  afterAll(() => runs.harness.close());

  /** The run stands at the step; reset to one boundary after the other it comes there again each time. */
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
      // A run that is reset to where its snapshot is found closed has no step left to stand at.
      const ended = fresh!.result().then(() => false);
      if (!(await Promise.race([next.reached(), ended]))) next.release();
      // What the reset left behind goes on now, at the same time as its successor.
      held.release();
      held = next;
    }
    held.release();
    return harness.snapshots.attach(jobId).result();
  }

  test.each(POINTS)('$moment $activity ends with the manifest of an expected run', async (point) => {
    const expected = runs.expectedOutcome(point);
    expect(expected.manifest).toContain(snapshotIdOf(point.input.jobId));
    expect(await runs.actualOutcome(point)).toEqual(expected);
  });

  test('leaves one of everything behind', async () => {
    await runs.harness.activities.idle();
    expect(await runs.violations()).toEqual([]);
    expect(resets).toBeGreaterThanOrEqual(POINTS.length);
  });
});
