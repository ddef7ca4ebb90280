import { originOfBucket, requireOneOrigin } from '../../../src/sealing/ownOrigin';
import { awaitSnapshot } from '../../../activities/awaitSnapshot';
import { LEDGER_CHECKPOINT_KEY } from '../../../src/evidence/objectKeys';
import { LedgerIndex } from '../../../src/sealing/ledgerIndex';
import { runAttempt } from '../../harness/activityAttempt';
import { FakeDeps } from '../../harness/fakeDeps';
import { FakeObjectStore } from '../../harness/fakes/fakeObjectStore';
import { InProcessRun, type InProcessOptions } from '../../harness/inProcessEngine';
import { SEALING_ACTIVITIES } from '../../harness/sealingActivities';

const DAY = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const JOB = { jobId: 'job-1', ...DAY };

/** A job that a worker with a wrong AUDIT_ORIGIN worked on until before `step`, in a bucket that was set wrongly as well. */
async function sealedAsOther(dieBefore?: (typeof SEALING_ACTIVITIES)[number]): Promise<FakeDeps> {
  const deps = new FakeDeps();
  deps.logEntries(6);
  const own = deps.settings.origin;
  Object.assign(deps.settings, { origin: 'test.example/wrong' });
  const options: InProcessOptions = dieBefore === undefined ? {} : { dieBefore };
  await new InProcessRun(deps, options).run(JOB).catch(() => undefined);
  Object.assign(deps.settings, { origin: own });
  deps.jobs.jobs.clear();
  return Object.assign(deps, { store: new FakeObjectStore(), ledgerIndex: new LedgerIndex() });
}

describe('a row of another origin', () => {
  test.each([...SEALING_ACTIVITIES.slice(1), undefined])(
    'ends the job with ORIGIN_MISMATCH before anything is marked: written until before %s',
    async (step) => {
      const deps = await sealedAsOther(step);
      const marked = new Map(deps.records.markCounts);
      await expect(new InProcessRun(deps).run(JOB)).rejects.toMatchObject({
        type: 'ORIGIN_MISMATCH',
        message: expect.stringContaining('test.example/wrong'),
      });
      expect(deps.records.markCounts).toEqual(marked);
      expect(deps.store.keys()).toEqual([]);
    },
  );

  test('is not waited for by a schedule', async () => {
    const deps = await sealedAsOther();
    await expect(runAttempt({}, () => awaitSnapshot(deps, JOB))).rejects.toMatchObject({
      code: 'ORIGIN_MISMATCH',
    });
  });
});

describe('a worker that starts', () => {
  const OWN = 'test.example/audit';

  test.each([
    ['a new bucket and a new database', undefined, []],
    ['its own bucket and database', OWN, [OWN]],
  ])('accepts %s', (_what, bucket, database) => {
    expect(() => requireOneOrigin(OWN, { bucket, database })).not.toThrow();
  });

  test.each([
    ['a bucket of another origin', 'test.example/other', [OWN], 'S3_BUCKET'],
    ['a database of another origin', undefined, ['test.example/other'], 'MONGODB_URI'],
    ['a database of two origins', OWN, [OWN, 'test.example/other'], 'MONGODB_URI'],
  ])('refuses %s', (_what, bucket, database, setting) => {
    expect(() => requireOneOrigin(OWN, { bucket, database })).toThrow(setting);
  });

  test('reads the origin of the bucket from its ledger checkpoint', async () => {
    const deps = new FakeDeps();
    await expect(originOfBucket(deps.store)).resolves.toBeUndefined();
    deps.logEntries(2);
    await new InProcessRun(deps).run(JOB);
    await expect(originOfBucket(deps.store)).resolves.toBe(OWN);
    deps.store.overwrite(LEDGER_CHECKPOINT_KEY, Buffer.from('nonsense'));
    await expect(originOfBucket(deps.store)).resolves.toBeUndefined();
  });
});
