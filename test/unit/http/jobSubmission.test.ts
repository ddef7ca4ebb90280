import { DAY, holdStart, makeJobService, submission } from '../../harness/jobService';

const KEY = { 'idempotency-key': 'january' };

describe('submissions with an Idempotency-Key', () => {
  test('the same key and body get the same response again, byte for byte, and start nothing new', async () => {
    const { post, jobs, runs } = makeJobService();
    const first = await post('/jobs', submission(), KEY);
    await jobs.ensure({ jobId: first.json<{ jobId: string }>().jobId, ...DAY }, 1);
    const again = await post('/jobs', submission(), KEY);
    expect([first.statusCode, again.statusCode]).toEqual([202, 202]);
    expect(again.body).toBe(first.body);
    expect(again.headers['location']).toBe(first.headers['location']);
    expect([first.headers['idempotency-replayed'], again.headers['idempotency-replayed']]).toEqual([
      undefined,
      'true',
    ]);
    expect([jobs.jobs.size, runs.started.length]).toEqual([1, 1]);
  });

  test('the same key may spell the same window differently', async () => {
    const { post, jobs } = makeJobService();
    await post('/jobs', submission(), KEY);
    const again = await post('/jobs', submission({ ...DAY, from: '2026-03-01T01:00:00.000+01:00' }), KEY);
    expect([again.statusCode, jobs.jobs.size]).toEqual([202, 1]);
  });

  test('the same key with another body is rejected, whether or not the first request is answered', async () => {
    const { post, runs, jobs } = makeJobService();
    const other = submission({ ...DAY, from: '2026-03-01T00:00:01Z' });
    const held = holdStart(runs);
    const first = post('/jobs', submission(), KEY);
    await held.reached;
    const during = await post('/jobs', other, KEY);
    held.letGo();
    await first;
    const after = await post('/jobs', other, KEY);
    for (const response of [during, after])
      expect(response.json()).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(jobs.jobs.size).toBe(1);
  });

  test('a second request while the first is in progress is answered with 409 and Retry-After', async () => {
    const { post, runs, jobs } = makeJobService();
    const held = holdStart(runs);
    const first = post('/jobs', submission(), KEY);
    await held.reached;
    const second = await post('/jobs', submission(), KEY);
    expect(second.json()).toMatchObject({ status: 409, code: 'IDEMPOTENCY_IN_FLIGHT' });
    expect(second.headers['retry-after']).toBe('1');
    held.letGo();
    await first;
    expect((await post('/jobs', submission(), KEY)).statusCode).toBe(202);
    expect(jobs.jobs.size).toBe(1);
  });

  test.each(['lost', 'unacknowledged'] as const)(
    'a job is created once although every write was %s once',
    async (fault) => {
      const { post, jobs, keys, runs, clock } = makeJobService();
      for (const plan of [
        () => keys.faults.failNext('claim', fault),
        () => jobs.faults.failNext('create', fault),
        () => keys.faults.failNext('answer', fault),
      ]) {
        plan();
        expect((await post('/jobs', submission(), KEY)).statusCode).toBe(503);
        clock.nowMs += 60_000;
      }
      // Where the service could not reach the keys, nothing released the claim; it expires.
      clock.nowMs += 60_000;
      const response = await post('/jobs', submission(), KEY);
      expect(response.statusCode).toBe(202);
      const { jobId } = response.json<{ jobId: string }>();
      expect([...jobs.jobs.keys()]).toEqual([jobId]);
      expect(new Set(runs.started.map((input) => input.jobId))).toEqual(new Set([jobId]));
    },
  );

  test('a claim whose request died is taken over a minute later, with the job id of the claim', async () => {
    const service = makeJobService();
    const { post, keys, clock, runs } = service;
    // Dies between the key and the job: the claim exists, and nothing answers or releases it.
    holdStart(runs);
    void post('/jobs', submission(), KEY);
    while (keys.rows.size === 0) await new Promise(setImmediate);
    const claimedJobId = [...keys.rows.values()][0]!.jobId;
    clock.nowMs += 59_000;
    expect((await post('/jobs', submission(), KEY)).statusCode).toBe(409);
    clock.nowMs += 1_000;
    const response = await post('/jobs', submission(), KEY);
    expect(response.json()).toMatchObject({ jobId: claimedJobId });
  });

  test('after a submission that Temporal did not accept the same key may be sent again at once', async () => {
    const { post, runs, jobs } = makeJobService();
    runs.unreachable = true;
    expect((await post('/jobs', submission(), KEY)).statusCode).toBe(503);
    expect(jobs.jobs.size).toBe(0);
    runs.unreachable = false;
    expect((await post('/jobs', submission(), KEY)).statusCode).toBe(202);
  });

  test('a key that has expired may be used again', async () => {
    const { post, clock, jobs } = makeJobService();
    await post('/jobs', submission(), KEY);
    clock.nowMs += 48 * 3_600_000;
    await post('/jobs', submission(), KEY);
    expect(jobs.jobs.size).toBe(2);
  });

  test('a key that is empty, too long or not visible ASCII is rejected', async () => {
    const { post } = makeJobService();
    for (const key of ['', 'x'.repeat(256), 'a b', 'ä']) {
      const response = await post('/jobs', submission(), { 'idempotency-key': key });
      expect(response.json()).toMatchObject({ status: 400, code: 'USAGE_INVALID' });
    }
  });
});
