import type { JobOutcome } from '../../src/contract/activities';
import type { IJob } from '../../src/models/job.model';
import type { JobReporter } from '../../src/ports/jobReporter';

const JOB = { jobId: 'job-1', from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const RESULT = {
  snapshotAssetId: 'a'.repeat(24),
  recordCount: 3,
  snapshotId: 'snap-job-1',
  window: { from: JOB.from, to: JOB.to },
  findingCount: 0,
  conflictCount: 0,
  lateCount: 0,
  manifestSha256: 'b'.repeat(64),
  ledgerIndex: 0,
};
const SUCCEEDED: JobOutcome = { status: 'succeeded', result: RESULT };
const FAILED: JobOutcome = { status: 'failed', code: 'TAMPER_FOUND', reason: 'record 1' };

type Store = JobReporter & { find(jobId: string): Promise<IJob | undefined> };

/** What every job store does that workers report to, in memory or in a database. `makeStore` returns an empty one. */
export function describeJobStore(name: string, makeStore: () => Promise<Store>): void {
  describe(`${name} as a job store`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await makeStore();
    });

    test('a run that was started directly gets a running row, which keeps its first payload', async () => {
      await store.ensure(JOB, 10);
      await store.ensure({ ...JOB, from: '2026-02-01T00:00:00.000Z' }, 20);
      await expect(store.find('job-1')).resolves.toMatchObject({
        status: 'running',
        type: 'audit.snapshot',
        payload: { from: JOB.from, to: JOB.to },
        result: null,
        error: null,
      });
    });

    test('a job that has ended accepts the same outcome again, and another outcome is a conflict', async () => {
      await store.ensure(JOB, 10);
      await store.report('job-1', SUCCEEDED);
      await store.report('job-1', SUCCEEDED);
      await expect(store.find('job-1')).resolves.toMatchObject({ status: 'succeeded', result: RESULT });
      for (const other of [FAILED, { ...SUCCEEDED, result: { ...RESULT, recordCount: 4 } }])
        await expect(store.report('job-1', other)).rejects.toMatchObject({ code: 'JOB_CONFLICT' });
      await expect(store.find('job-1')).resolves.toMatchObject({ status: 'succeeded', result: RESULT });
    });

    test('the report of an unknown job is refused', async () => {
      await expect(store.report('job-9', FAILED)).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
    });

    test('a later run reopens a job that failed, and a call from before it ended does not', async () => {
      await store.ensure(JOB, 10);
      await store.report('job-1', FAILED);
      await store.ensure(JOB, 10);
      await expect(store.find('job-1')).resolves.toMatchObject({
        status: 'failed',
        error: { code: 'TAMPER_FOUND', reason: 'record 1' },
      });
      await store.ensure(JOB, 11);
      await expect(store.find('job-1')).resolves.toMatchObject({ status: 'running', error: null });
    });

    test('a later run does not reopen a job that succeeded', async () => {
      await store.ensure(JOB, 10);
      await store.report('job-1', SUCCEEDED);
      await store.ensure(JOB, 99);
      await expect(store.find('job-1')).resolves.toMatchObject({ status: 'succeeded', result: RESULT });
    });

    test('of ten concurrent starts of one job none fails', async () => {
      await Promise.all(Array.from({ length: 10 }, (_, at) => store.ensure(JOB, at)));
      await expect(store.find('job-1')).resolves.toMatchObject({ status: 'running' });
    });
  });
}
