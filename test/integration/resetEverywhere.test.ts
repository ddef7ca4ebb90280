import { bucketReader } from '../../src/cli/evidenceReaders';
import { snapshotIdOf, workflowIdOf } from '../../src/contract/names';
import type { AuditSnapshotResult } from '../../src/contract/snapshot';
import { brokenAtRest, comparableManifest } from '../simulation/invariants';
import { ALL_DAYS, dayWindow, everyPlace, type Place } from '../support/places';
import { readEvents, resetRun } from '../support/resetRun';
import { readRestingState } from '../support/restingState';
import { Workshop } from '../support/workshop';

/** Three chunks each. */
const RECORDS = 7;
const PLACES = everyPlace();
/** Every boundary of a run that is under way, and not only the first and the last one. */
const EXHAUSTIVE = process.env['EXHAUSTIVE'] === '1';

describe('a finished run that is reset', () => {
  const job = { jobId: 'finished', ...dayWindow(0) };
  let workshop: Workshop;
  let first: AuditSnapshotResult;

  beforeAll(async () => {
    workshop = await Workshop.open({ AUDIT_CHUNK_RECORDS: '3' });
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
      const run = await resetRun(client, workflowId, runId, eventId);
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
  let workshop: Workshop;
  const undisturbed = new Map<string, string | undefined>();
  const results = new Map<string, AuditSnapshotResult>();
  let resets = 0;

  beforeAll(async () => {
    workshop = await Workshop.open({ AUDIT_CHUNK_RECORDS: '3' });
    await Promise.all(PLACES.map(({ input }, seed) => workshop.log(RECORDS, input, seed)));
    for (const { input } of PLACES) undisturbed.set(input.jobId, await workshop.undisturbedManifest(input));
    await workshop.startWorker();
    await Promise.all(PLACES.map(resetAt));
  }, 200_000);

  afterAll(() => workshop.close());

  /** The run stands at the step; reset to one boundary after the other it comes there again each time. */
  async function resetAt({ step, moment, input }: Place): Promise<void> {
    const { jobId } = input;
    const workflowId = workflowIdOf(jobId);
    let held = workshop.steps.hold(jobId, step, moment);
    await workshop.snapshots.start(input);
    await held.reached();
    const { runId } = await workshop.client.workflow.getHandle(workflowId).describe();
    const { boundaries } = await readEvents(workshop.client.workflow.getHandle(workflowId, runId));
    const chosen = EXHAUSTIVE ? boundaries : [...new Set([boundaries[0]!, boundaries.at(-1)!])];
    const runs = [runId];
    for (const eventId of chosen) {
      const next = workshop.steps.hold(jobId, step, moment, runs);
      const fresh = await resetRun(workshop.client, workflowId, runId, eventId);
      expect(fresh).toBeDefined();
      resets++;
      runs.push((await fresh!.describe()).runId);
      // A run that is reset to where its snapshot is found closed has no step left to stand at.
      const ended = fresh!.result().then(() => false);
      if (!(await Promise.race([next.reached(), ended]))) next.release();
      // What the reset left behind goes on now, at the same time as its successor.
      held.release();
      held = next;
    }
    held.release();
    results.set(jobId, await workshop.snapshots.attach(jobId).result());
  }

  test.each(PLACES)('$moment $step ends with the manifest of an undisturbed run', async ({ input }) => {
    const { jobId } = input;
    expect(results.get(jobId)).toMatchObject({ recordCount: RECORDS, findingCount: 0, conflictCount: 0 });
    const clean = undisturbed.get(jobId);
    expect(clean).toEqual(expect.stringContaining(snapshotIdOf(jobId)));
    const reader = bucketReader(workshop.deps.store);
    expect(await comparableManifest(reader, snapshotIdOf(jobId))).toBe(clean);
  });

  test('leaves one of everything behind', async () => {
    await workshop.steps.idle();
    const jobs = PLACES.map(({ input }) => input.jobId);
    const state = await readRestingState({ env: workshop.env, window: ALL_DAYS, jobs });
    expect(await brokenAtRest(state)).toEqual([]);
    expect(resets).toBeGreaterThanOrEqual(PLACES.length);
  });
});
