import { snapshotIdOf } from '../../../src/contract/names';
import { manifestKey } from '../../../src/evidence/objectKeys';
import { makeTrustFile } from '../../../src/evidence/trustFile';
import { verifyEvidence } from '../../../src/verify/verifyEvidence';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';
import { overrideMethods } from '../../harness/overrideMethods';
import { SEALING_ACTIVITIES } from '../../harness/sealingActivities';

const INPUT = { jobId: 'job-1', from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const SNAPSHOT = snapshotIdOf(INPUT.jobId);
const RECORDS = 6;

/** A run of a job over the same six records; the key of the signer isDistinct from run to run, so the manifest does. */
async function sealOnce(planFaults: (deps: FakeDeps) => void): Promise<{ deps: FakeDeps; ids: string[] }> {
  const deps = new FakeDeps();
  const ids = deps.logEntries(RECORDS);
  planFaults(deps);
  await new InProcessRun(deps).run(INPUT);
  return { deps, ids };
}

async function expectSealedOnce(deps: FakeDeps, ids: readonly string[]): Promise<void> {
  expect(ids.map((id) => deps.records.sealedBy(id))).toEqual(ids.map(() => SNAPSHOT));
  expect(ids.map((id) => deps.records.markCounts.get(id))).toEqual(ids.map(() => 1));
  expect(deps.store.keys().map((key) => deps.store.versions(key).length)).toEqual(
    deps.store.keys().map(() => 1),
  );
  expect(deps.assets.assets.size).toBe(1);
  expect(deps.jobs.jobs.get(INPUT.jobId)).toMatchObject({
    status: 'succeeded',
    result: { recordCount: RECORDS },
  });
  expect(await deps.leases.find(SNAPSHOT)).toBeUndefined();
  const trust = makeTrustFile(deps.settings.origin, await deps.signer.listKeys());
  const reader = {
    read: async (key: string, version: string | undefined) => (await deps.store.get(key, 1e9, version))?.body,
  };
  const { report } = await verifyEvidence(reader, { trust, found: [SNAPSHOT] });
  expect(report).toMatchObject({
    verdict: 'VERIFIED',
    ledger: { size: 1, failures: [] },
    snapshots: [{ recordCount: RECORDS, failures: [] }],
  });
  // One audit entry, and nothing else, is left for the next window.
  expect(deps.records.ids().filter((id) => !ids.includes(id))).toHaveLength(1);
}

async function chunkCountsOf({ deps }: { deps: FakeDeps }): Promise<number[]> {
  const body = (await deps.store.get(manifestKey(SNAPSHOT), 1e9))!.body.toString();
  return (JSON.parse(body) as { chunks: { count: number }[] }).chunks.map(({ count }) => count);
}

describe('a run whose calls fail', () => {
  test('failed calls do not change which records are in which chunk', async () => {
    const clean = await chunkCountsOf(await sealOnce(() => undefined));
    const faulty = await sealOnce(({ store }) => {
      store.faults.failCall('putOnce', 1, 'unacknowledged');
      store.faults.failCall('putOnce', 3, 'lost');
      store.faults.failCall('get', 2, 'lost');
    });
    expect(await chunkCountsOf(faulty)).toEqual(clean);
    expect(clean).toEqual([4, 2]);
  });
});

describe('a run that continues as new', () => {
  test.each([1, 2, 3, 4])(
    'a run that continues as new after every %i activities seals once',
    async (continueAfter) => {
      const deps = new FakeDeps();
      const ids = deps.logEntries(RECORDS);
      const run = new InProcessRun(deps, { continueAfter });
      await run.run(INPUT);
      expect(run.executions).toBeGreaterThan(1);
      await expectSealedOnce(deps, ids);
    },
  );
});

describe('a run that dies', () => {
  test.each(SEALING_ACTIVITIES)(
    'a run that dies before %s is finished by the next run of the job',
    async (step) => {
      const deps = new FakeDeps();
      const ids = deps.logEntries(RECORDS);
      const dead = new InProcessRun(deps, { dieBefore: step });
      await expect(dead.run(INPUT)).rejects.toThrow('died');
      expect(dead.calls).not.toContain(step);
      await new InProcessRun(deps).run(INPUT);
      await expectSealedOnce(deps, ids);
    },
  );
});

describe('a cancel', () => {
  const signing = SEALING_ACTIVITIES.indexOf('signManifest');

  test.each(SEALING_ACTIVITIES.slice(0, signing))(
    'a cancel before %s rolls back: nothing is marked, the window is free, the job is cancelled',
    async (step) => {
      const deps = new FakeDeps();
      const ids = deps.logEntries(RECORDS);
      const run = new InProcessRun(deps, { before: (name) => (name === step ? run.cancel() : undefined) });
      await expect(run.run(INPUT)).rejects.toThrow('cancelled');
      expect(ids.map((id) => deps.records.sealedBy(id))).toEqual(ids.map(() => undefined));
      expect(await deps.leases.find(SNAPSHOT)).toBeUndefined();
      expect(deps.jobs.jobs.get(INPUT.jobId)).toMatchObject({
        status: 'cancelled',
        error: { code: 'JOB_CANCELLED' },
      });
    },
  );

  test('a cancel while the manifest is being stored rolls back, although the activity succeeds first', async () => {
    const deps = new FakeDeps();
    const ids = deps.logEntries(RECORDS);
    const { snapshots } = deps;
    const cancelling = overrideMethods(snapshots, {
      setManifest: async (...manifest) => {
        await snapshots.setManifest(...manifest);
        run.cancel();
      },
    });
    const run = new InProcessRun(Object.assign(deps, { snapshots: cancelling }));
    await expect(run.run(INPUT)).rejects.toThrow('cancelled');
    expect(ids.map((id) => deps.records.sealedBy(id))).toEqual(ids.map(() => undefined));
    expect(await deps.leases.find(SNAPSHOT)).toBeUndefined();
  });

  test.each(SEALING_ACTIVITIES.slice(signing))(
    'a cancel before %s comes too late: the snapshot is finished',
    async (step) => {
      const deps = new FakeDeps();
      const ids = deps.logEntries(RECORDS);
      const run = new InProcessRun(deps, { before: (name) => (name === step ? run.cancel() : undefined) });
      await run.run(INPUT);
      await expectSealedOnce(deps, ids);
    },
  );
});
