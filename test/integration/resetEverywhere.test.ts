import { snapshotIdOf, workflowIdOf } from '../../src/contract/names';
import type { AuditSnapshotResult } from '../../src/contract/snapshot';
import { brokenAtRest } from '../simulation/invariants';
import { dayWindow, everyRecordPlace, type Place } from '../harness/recordPlaces';
import { readEvents, resetRun } from '../harness/resetRun';
import { readRestingState } from '../harness/restingState';
import { FaultPointRuns } from '../harness/faultPointRuns';
import { WorkerHarness } from '../harness/workerHarness';

/** Three chunks each. */
const RECORDS = 7;
const PLACES = everyRecordPlace();
/** Every boundary of a run that is under way, and not only the first and the last one. */
const EXHAUSTIVE = process.env['EXHAUSTIVE'] === '1';

describe('a finished run that is reset', () => {
  const job = { jobId: 'finished', ...dayWindow(0) };
  let workshop: WorkerHarness;
  let first: AuditSnapshotResult;

  beforeAll(async () => {
    workshop = await WorkerHarness.open({ AUDIT_CHUNK_RECORDS: '3' });
    await workshop.log(RECORDS, job);
    await workshop.startWorker();
    first = await workshop.seal(job);
  }, 300_000);

  afterAll(() => workshop.close());

  test('to any of its events gives the same result, and nothing that is stored changes', async () => {
    const { client } = workshop;
    const workflowId = workflowIdOf(job.jobId);
    const { runId } = await client.workflow.getHandle(workflowId).describe();
    const { all, boundaries } = await readEvents(client.workflow.getHandle(workflowId, runId));
    const before = await workshop.fingerprint();
    const accepted: number[] = [];
    for (const eventId of all) {
      const run = await resetRun(client, { workflowId, runId }, eventId);
      if (!run) continue;
      accepted.push(eventId);
      expect({ eventId, result: await run.result() }).toEqual({ eventId, result: first });
      expect(await workshop.fingerprint()).toEqual(before);
    }
    // The server refuses what lies between two workflow tasks; clients then take the task in front of it.
    expect(accepted).toEqual(expect.arrayContaining(boundaries));
    expect(boundaries.length).toBeGreaterThan(10);
  }, 300_000);

  test('leaves one of everything behind', async () => {
    const scope = { env: workshop.env, window: job, jobs: [job.jobId] };
    expect(await brokenAtRest(await readRestingState(scope))).toEqual([]);
  });
});

describe('a run that is reset while it stands at a named step', () => {
  let runs: FaultPointRuns;
  let resets = 0;

  beforeAll(async () => {
    runs = await FaultPointRuns.open(PLACES);
    await runs.disturb(resetAt);
  }, 200_000);

  afterAll(() => runs.workshop.close());

  /** The run stands at the step; reset to one boundary after the other it comes there again each time. */
  async function resetAt({ step, moment, input }: Place): Promise<AuditSnapshotResult> {
    const { workshop } = runs;
    const { jobId } = input;
    const workflowId = workflowIdOf(jobId);
    let held = workshop.steps.hold(jobId, step, moment);
    await workshop.snapshots.start(input);
    await held.reached();
    const { runId } = await workshop.client.workflow.getHandle(workflowId).describe();
    const { boundaries } = await readEvents(workshop.client.workflow.getHandle(workflowId, runId));
    const chosen = EXHAUSTIVE ? boundaries : [...new Set([boundaries[0]!, boundaries.at(-1)!])];
    const passed = [runId];
    for (const eventId of chosen) {
      const next = workshop.steps.hold(jobId, step, moment, passed);
      const fresh = await resetRun(workshop.client, { workflowId, runId }, eventId);
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
    return workshop.snapshots.attach(jobId).result();
  }

  test.each(PLACES)('$moment $step ends with the manifest of an undisturbed run', async (place) => {
    const undisturbed = runs.undisturbed(place);
    expect(undisturbed.manifest).toContain(snapshotIdOf(place.input.jobId));
    expect(await runs.end(place)).toEqual(undisturbed);
  });

  test('leaves one of everything behind', async () => {
    await runs.workshop.steps.idle();
    expect(await runs.broken()).toEqual([]);
    expect(resets).toBeGreaterThanOrEqual(PLACES.length);
  });
});
