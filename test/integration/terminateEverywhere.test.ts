import { snapshotIdOf } from '../../src/contract/names';
import type { AuditSnapshotResult } from '../../src/contract/snapshot';
import { bucketReader } from '../../src/cli/evidenceReaders';
import { MAX_MANIFEST_BYTES } from '../../src/evidence/manifest';
import { manifestKey } from '../../src/evidence/objectKeys';
import { brokenAtRest, comparableManifest } from '../simulation/invariants';
import type { HeldStep } from '../support/heldSteps';
import { ALL_DAYS, everyPlace, isBehind } from '../support/places';
import { readRestingState } from '../support/restingState';
import { Workshop } from '../support/workshop';

/** Three chunks each. */
const RECORDS = 7;
const PLACES = everyPlace();

describe('a run that is terminated at a named step', () => {
  let workshop: Workshop;
  const zombies: HeldStep[] = [];
  const stored = new Map<string, Buffer | undefined>();
  const undisturbed = new Map<string, string | undefined>();
  const results = new Map<string, AuditSnapshotResult>();

  const reader = () => bucketReader(workshop.deps.store);
  const readManifest = (jobId: string) =>
    reader().read(manifestKey(snapshotIdOf(jobId)), undefined, MAX_MANIFEST_BYTES);
  const broken = async () => {
    const jobs = PLACES.map(({ input }) => input.jobId);
    return brokenAtRest(await readRestingState({ env: workshop.env, window: ALL_DAYS, jobs }));
  };

  beforeAll(async () => {
    workshop = await Workshop.open({ AUDIT_CHUNK_RECORDS: '3' });
    await Promise.all(PLACES.map(({ input }, seed) => workshop.log(RECORDS, input, seed)));
    for (const { input } of PLACES) undisturbed.set(input.jobId, await workshop.undisturbedManifest(input));
    await workshop.startWorker();
    await Promise.all(
      PLACES.map(async ({ step, moment, input }) => {
        const { jobId } = input;
        const held = workshop.steps.hold(jobId, step, moment);
        zombies.push(held);
        await workshop.snapshots.start(input);
        await held.reached();
        stored.set(jobId, await readManifest(jobId));
        await workshop.terminate(jobId);
        results.set(jobId, await workshop.seal(input));
      }),
    );
  }, 300_000);

  afterAll(() => workshop.close());

  test.each(PLACES)(
    '$moment $step: started again it ends with the manifest of an undisturbed run',
    async ({ input: { jobId } }) => {
      expect(results.get(jobId)).toMatchObject({ recordCount: RECORDS, findingCount: 0, conflictCount: 0 });
      const clean = undisturbed.get(jobId);
      expect(clean).toEqual(expect.stringContaining(snapshotIdOf(jobId)));
      expect(await comparableManifest(reader(), snapshotIdOf(jobId))).toBe(clean);
    },
  );

  test('a manifest that was stored by then keeps its bytes', async () => {
    const behind = PLACES.filter((place) => isBehind(place, 'sealManifest', 'after'));
    expect([...stored.values()].filter((body) => body !== undefined)).toHaveLength(behind.length);
    for (const { input } of behind)
      expect((await readManifest(input.jobId))?.equals(stored.get(input.jobId)!)).toBe(true);
  });

  test('nothing is lost, doubled or left behind', async () => {
    expect(await broken()).toEqual([]);
  });

  test('a step of the terminated run that goes on when all is over changes nothing', async () => {
    const before = await workshop.fingerprint();
    for (const zombie of zombies) zombie.release();
    await workshop.steps.idle();
    expect(await workshop.fingerprint()).toEqual(before);
    expect(await broken()).toEqual([]);
  });
});
