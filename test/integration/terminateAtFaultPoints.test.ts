import { bucketReader } from '../../src/verify/evidenceReaders';
import { snapshotIdOf } from '../../src/contract/names';
import { MAX_MANIFEST_BYTES } from '../../src/evidence/limits';
import { manifestKey } from '../../src/evidence/objectKeys';
import type { HeldActivity } from '../harness/heldActivities';
import { everyFaultPoint, isAtOrAfter } from '../harness/faultPoints';
import { FaultPointRuns } from '../harness/faultPointRuns';
import { testOutcomes } from '../harness/faultPointTests';

const POINTS = everyFaultPoint();

describe('a run that is terminated at a fault point', () => {
  let runs: FaultPointRuns;
  const zombies: HeldActivity[] = [];
  const stored = new Map<string, Buffer | undefined>();

  const readManifest = (jobId: string) =>
    bucketReader(runs.harness.deps.store).read(
      manifestKey(snapshotIdOf(jobId)),
      undefined,
      MAX_MANIFEST_BYTES,
    );

  beforeAll(async () => {
    runs = await FaultPointRuns.open(POINTS);
    const { harness } = runs;
    await runs.runEach(async ({ activity, moment, input }) => {
      const { jobId } = input;
      const held = harness.activities.hold(jobId, activity, moment);
      zombies.push(held);
      await harness.snapshots.start(input);
      await held.reached();
      stored.set(jobId, await readManifest(jobId));
      await harness.terminate(jobId);
      return harness.seal(input);
    });
  }, 300_000);

  afterAll(() => runs.harness.close());

  testOutcomes(
    'a job whose run is terminated $moment $activity makes the manifest of a run without faults when it is started again',
    POINTS,
    () => runs,
  );

  test('a manifest that was stored before the termination keeps its bytes', async () => {
    const sealed = POINTS.filter((point) => isAtOrAfter(point, 'sealManifest', 'after'));
    expect([...stored.values()].filter((body) => body !== undefined)).toHaveLength(sealed.length);
    for (const { input } of sealed)
      expect((await readManifest(input.jobId))?.equals(stored.get(input.jobId)!)).toBe(true);
  });

  test('jobs whose runs were terminated violate no invariant', async () => {
    expect(await runs.violations()).toEqual([]);
  });

  test('an activity of a terminated run that continues after its job has ended changes nothing', async () => {
    const before = await runs.harness.fingerprint();
    for (const zombie of zombies) zombie.release();
    await runs.harness.activities.idle();
    expect(await runs.harness.fingerprint()).toEqual(before);
    expect(await runs.violations()).toEqual([]);
  });
});
