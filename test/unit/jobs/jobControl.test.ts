import type { WorkflowState } from '../../../src/ports/workflowStatusReader';
import { requireResultKnown } from '../../../src/jobs/jobControl';
import { DAY, makeJobService, RESULT } from '../../harness/jobService';
import { seedOf } from '../../harness/snapshotSeed';

const FAILED = { status: 'failed', code: 'TAMPER_FOUND', reason: 'altered' };

async function failed() {
  const service = makeJobService();
  const jobId = await service.submit();
  await service.post(`/jobs/${jobId}/fail`, FAILED);
  service.runs.open.clear();
  return { ...service, jobId };
}

/** A job that its row calls running, whose run is not open. */
async function dead(state: WorkflowState) {
  const service = makeJobService();
  const jobId = await service.submit();
  await service.jobs.ensure({ jobId, ...DAY }, 1);
  service.runs.open.clear();
  service.runs.closed.set(jobId, state);
  return { ...service, jobId };
}

describe('cancel', () => {
  test('cancelling a running job requests it from the run and may be repeated', async () => {
    const { post, submit, jobs } = makeJobService();
    const jobId = await submit();
    await jobs.ensure({ jobId, ...DAY }, 1);
    for (const response of [await post(`/jobs/${jobId}/cancel`), await post(`/jobs/${jobId}/cancel`)]) {
      expect(response.json()).toMatchObject({ jobId, status: 'running' });
      expect([response.statusCode, response.headers['location']]).toEqual([202, `/jobs/${jobId}`]);
    }
  });

  test('cancelling a job without an open run ends it at once, and it stays cancelled', async () => {
    const { post, submit, runs } = makeJobService();
    const jobId = await submit();
    runs.open.clear();
    const response = await post(`/jobs/${jobId}/cancel`);
    expect(response.json()).toMatchObject({ status: 'cancelled', error: { code: 'JOB_CANCELLED' } });
    expect((await post(`/jobs/${jobId}/cancel`)).json()).toMatchObject({ status: 'cancelled' });
  });

  test.each(['ended', 'unknown'] as const)(
    'cancelling a running job whose run is %s starts a run that is cancelled at once: it alone can release the window or finish',
    async (state) => {
      const { post, jobId, runs } = await dead(state);
      const response = await post(`/jobs/${jobId}/cancel`);
      expect([response.statusCode, response.json()]).toEqual([
        202,
        expect.objectContaining({ status: 'running' }),
      ]);
      expect([runs.started.length, runs.cancelled]).toEqual([2, [jobId]]);
    },
  );

  test('cancelling a queued job whose snapshot was opened before starts a run that is cancelled at once', async () => {
    const { post, submit, runs, snapshotRows } = makeJobService();
    const jobId = await submit();
    runs.open.clear();
    await snapshotRows.open(seedOf(jobId));
    await post(`/jobs/${jobId}/cancel`);
    expect(runs.cancelled).toEqual([jobId]);
  });

  test('cancelling a job that ended while the request was made is a conflict', async () => {
    const { post, jobId, jobs, runs } = await dead('ended');
    const { stateOf } = runs;
    runs.stateOf = async (workflowId) => {
      await jobs.report(jobId, { status: 'failed', code: 'TAMPER_FOUND', reason: 'altered' });
      return stateOf(workflowId);
    };
    expect((await post(`/jobs/${jobId}/cancel`)).json()).toMatchObject({ code: 'JOB_CONFLICT' });
    expect(runs.cancelled).toEqual([]);
  });

  test('cancelling while Temporal cannot be reached is answered with TEMPORAL_UNREACHABLE and leaves the job alone', async () => {
    const { post, submit, runs, jobs } = makeJobService();
    const jobId = await submit();
    runs.unreachable = true;
    expect((await post(`/jobs/${jobId}/cancel`)).json()).toMatchObject({ code: 'TEMPORAL_UNREACHABLE' });
    expect(jobs.jobs.get(jobId)).toMatchObject({ status: 'queued' });
  });
});

describe('retry', () => {
  test('retrying a failed job starts it again with its own id, window and policy', async () => {
    const { post, jobId, runs } = await failed();
    const response = await post(`/jobs/${jobId}/retry`);
    expect([response.statusCode, response.json()]).toEqual([
      202,
      expect.objectContaining({ jobId, status: 'queued', error: null }),
    ]);
    expect(runs.started).toHaveLength(2);
    expect(runs.started[1]).toEqual(runs.started[0]);
  });

  test('retrying a job that is queued or running starts nothing new', async () => {
    const { post, submit, runs, jobs } = makeJobService();
    const jobId = await submit();
    expect((await post(`/jobs/${jobId}/retry`)).json()).toMatchObject({ status: 'queued' });
    await jobs.ensure({ jobId, ...DAY }, 1);
    expect((await post(`/jobs/${jobId}/retry`)).json()).toMatchObject({ status: 'running' });
    expect(runs.started).toHaveLength(1);
  });

  test('retrying a queued job whose run never started starts it', async () => {
    const { post, submit, runs } = makeJobService();
    const jobId = await submit();
    runs.open.clear();
    expect((await post(`/jobs/${jobId}/retry`)).statusCode).toBe(202);
    expect(runs.open).toEqual(new Set([jobId]));
  });

  test.each(['ended', 'unknown'] as const)(
    'retrying a running job whose run is %s starts it again with the policy of its snapshot',
    async (state) => {
      const { post, jobId, runs, snapshotRows } = await dead(state);
      await snapshotRows.open(seedOf(jobId, { onTamper: 'fail' }));
      expect((await post(`/jobs/${jobId}/retry`)).statusCode).toBe(202);
      expect(runs.started[1]).toEqual({ ...runs.started[0], onTamper: 'fail' });
    },
  );

  test.each(['retry', 'cancel'])(
    'to %s a job is refused with SNAPSHOT_LOST when its run completed and the row does not know it',
    async (verb) => {
      const { post, jobId, runs } = await dead('completed');
      const response = await post(`/jobs/${jobId}/${verb}`);
      expect(response.json()).toMatchObject({ status: 409, code: 'SNAPSHOT_LOST' });
      expect([runs.started.length, runs.cancelled]).toEqual([1, []]);
    },
  );

  test('a retry that is refused with SNAPSHOT_LOST leaves a failed job failed', async () => {
    const { post, jobId, runs, jobs } = await failed();
    runs.closed.set(jobId, 'completed');
    expect((await post(`/jobs/${jobId}/retry`)).json()).toMatchObject({ code: 'SNAPSHOT_LOST' });
    expect(jobs.jobs.get(jobId)).toMatchObject({ status: 'failed', error: { reason: 'altered' } });
  });

  test('retrying waits for the last run to close instead of attaching to it', async () => {
    const { post, jobId, runs, clock } = await failed();
    runs.open.add(jobId);
    let polls = 0;
    clock.onPause = () => void (++polls === 3 && runs.open.clear());
    expect((await post(`/jobs/${jobId}/retry`)).statusCode).toBe(202);
    expect([polls, runs.started.length]).toEqual([3, 2]);
  });

  test('retrying is a conflict when the last run does not close', async () => {
    const { post, jobId, runs, jobs } = await failed();
    runs.open.add(jobId);
    expect((await post(`/jobs/${jobId}/retry`)).json()).toMatchObject({ status: 409, code: 'JOB_CONFLICT' });
    expect(jobs.jobs.get(jobId)).toMatchObject({ status: 'failed' });
  });

  test('a retry that cannot start leaves the job failed with its reason', async () => {
    const { post, jobId, runs, jobs } = await failed();
    runs.start = () => Promise.reject(new Error('not now'));
    expect((await post(`/jobs/${jobId}/retry`)).statusCode).toBe(500);
    expect(jobs.jobs.get(jobId)).toMatchObject({ status: 'failed', error: { reason: 'altered' } });
  });

  test('retrying a job that has succeeded is a conflict', async () => {
    const { post, submit, runs } = makeJobService();
    const jobId = await submit();
    await post(`/jobs/${jobId}/succeed`, { result: RESULT });
    expect((await post(`/jobs/${jobId}/retry`)).json()).toMatchObject({ status: 409, code: 'JOB_CONFLICT' });
    expect(runs.started).toHaveLength(1);
  });
});

describe('the result of a run that has completed', () => {
  test('counts only if the row of the job has it', async () => {
    const { jobs, runs, jobId } = await dead('completed');
    const deps = { jobs, workflowStatus: runs };
    await expect(requireResultKnown(deps, jobId)).rejects.toMatchObject({ code: 'SNAPSHOT_LOST' });
    await expect(requireResultKnown(deps, 'never-submitted')).resolves.toBeUndefined();
    await jobs.report(jobId, { status: 'succeeded', result: RESULT });
    await expect(requireResultKnown(deps, jobId)).resolves.toBeUndefined();
  });
});
