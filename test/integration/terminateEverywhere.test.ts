import { bucketReader } from '../../src/verify/evidenceReaders';
import { snapshotIdOf } from '../../src/contract/names';
import { MAX_MANIFEST_BYTES } from '../../src/evidence/limits';
import { manifestKey } from '../../src/evidence/objectKeys';
import type { HeldStep } from '../harness/heldSteps';
import { everyRecordPlace, isBehind } from '../harness/recordPlaces';
import { FaultPointRuns } from '../harness/faultPointRuns';

const PLACES = everyRecordPlace();

describe('a run that is terminated at a named step', () => {
  let runs: FaultPointRuns;
  const zombies: HeldStep[] = [];
  const stored = new Map<string, Buffer | undefined>();

  const readManifest = (jobId: string) =>
    bucketReader(runs.workshop.deps.store).read(
      manifestKey(snapshotIdOf(jobId)),
      undefined,
      MAX_MANIFEST_BYTES,
    );

  beforeAll(async () => {
    runs = await FaultPointRuns.open(PLACES);
    const { workshop } = runs;
    await runs.disturb(async ({ step, moment, input }) => {
      const { jobId } = input;
      const held = workshop.steps.hold(jobId, step, moment);
      zombies.push(held);
      await workshop.snapshots.start(input);
      await held.reached();
      stored.set(jobId, await readManifest(jobId));
      await workshop.terminate(jobId);
      return workshop.seal(input);
    });
  }, 300_000);

  afterAll(() => runs.workshop.close());

  test.each(PLACES)(
    '$moment $step: started again it ends with the manifest of an undisturbed run',
    async (place) => {
      const undisturbed = runs.undisturbed(place);
      expect(undisturbed.manifest).toContain(snapshotIdOf(place.input.jobId));
      expect(await runs.end(place)).toEqual(undisturbed);
    },
  );

  test('a manifest that was stored by then keeps its bytes', async () => {
    const behind = PLACES.filter((place) => isBehind(place, 'sealManifest', 'after'));
    expect([...stored.values()].filter((body) => body !== undefined)).toHaveLength(behind.length);
    for (const { input } of behind)
      expect((await readManifest(input.jobId))?.equals(stored.get(input.jobId)!)).toBe(true);
  });

  test('nothing is lost, doubled or left behind', async () => {
    expect(await runs.broken()).toEqual([]);
  });

  test('a step of the terminated run that goes on when all is over changes nothing', async () => {
    const before = await runs.workshop.fingerprint();
    for (const zombie of zombies) zombie.release();
    await runs.workshop.steps.idle();
    expect(await runs.workshop.fingerprint()).toEqual(before);
    expect(await runs.broken()).toEqual([]);
  });
});
