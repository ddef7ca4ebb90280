import { DAY, makeJobService as setUp, RESULT, submission } from '../../harness/jobService';

describe('the job service', () => {
  test('a submitted job is accepted, started with its policy, and found again', async () => {
    const { ask, runs, post } = setUp();
    const response = await post('/jobs', submission());
    expect(response.statusCode).toBe(202);
    const { jobId } = response.json<{ jobId: string }>();
    expect(response.headers).toMatchObject({ location: `/jobs/${jobId}`, 'retry-after': '1' });
    expect(runs.started).toEqual([
      { jobId, from: '2026-03-01T00:00:00.000Z', to: DAY.to, maxAttempts: 3, timeoutSeconds: 3600 },
    ]);
    const found = await ask(`/jobs/${jobId}`);
    expect(found.json()).toMatchObject({ jobId, type: 'audit.snapshot', status: 'queued', result: null });
  });

  test('a job is started with the policy of its payload, and a retry with the same one', async () => {
    const { runs, post, jobs } = setUp();
    const policy = { maxAttempts: 5, timeoutSeconds: 60, totalTimeoutSeconds: 7_200 };
    const { jobId } = (await post('/jobs', submission({ ...DAY, ...policy }))).json<{ jobId: string }>();
    await jobs.report(jobId, { status: 'failed', code: 'JOB_TIMED_OUT', reason: 'too late' });
    runs.open.clear();
    expect((await post(`/jobs/${jobId}/retry`)).statusCode).toBe(202);
    expect(runs.started).toHaveLength(2);
    for (const started of runs.started) expect(started).toMatchObject({ jobId, ...policy });
  });

  test.each<[string, unknown, number, string]>([
    ['no attempt at all', submission({ ...DAY, maxAttempts: 0 }), 422, 'PAYLOAD_INVALID'],
    ['half a second for an attempt', submission({ ...DAY, timeoutSeconds: 0.5 }), 422, 'PAYLOAD_INVALID'],
    ['a limit as text', submission({ ...DAY, totalTimeoutSeconds: '60' }), 422, 'PAYLOAD_INVALID'],
    ['a window in the wrong order', submission({ from: DAY.to, to: DAY.from }), 422, 'WINDOW_INVALID'],
    [
      'a window without an offset',
      submission({ ...DAY, from: '2026-03-01T00:00:00' }),
      422,
      'WINDOW_INVALID',
    ],
    ['a window that is not a date', submission({ ...DAY, from: 'yesterday' }), 422, 'WINDOW_INVALID'],
    ['a window in the far future', submission({ ...DAY, to: '2099-01-01T00:00:00Z' }), 422, 'WINDOW_INVALID'],
    ['an unknown type', submission(DAY, 'audit.shred'), 422, 'JOB_TYPE_UNKNOWN'],
    ['a missing member of the payload', submission({ from: DAY.from }), 422, 'PAYLOAD_INVALID'],
    ['an unknown member in the payload', submission({ ...DAY, force: true }), 422, 'PAYLOAD_INVALID'],
    ['a payload that is a list', submission([DAY]), 422, 'PAYLOAD_INVALID'],
    ['no type', { payload: DAY }, 400, 'USAGE_INVALID'],
    ['an unknown member', { ...submission(), jobId: 'mine' }, 400, 'USAGE_INVALID'],
    ['invalid JSON', '{"type":', 400, 'USAGE_INVALID'],
    [
      'the member __proto__',
      '{"type":"audit.snapshot","payload":{"__proto__":{"from":1}}}',
      400,
      'USAGE_INVALID',
    ],
    ['a body over 64 KiB', `"${'x'.repeat(70_000)}"`, 413, 'BODY_TOO_LARGE'],
  ])(
    'a submission with %s is rejected with its code, and nothing is written or started',
    async (_, body, status, code) => {
      const { jobs, runs, post } = setUp();
      const response = await post('/jobs', body);
      expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(response.json()).toEqual({
        type: `urn:audit-snapshot:problem:${code}`,
        instance: expect.stringMatching(/^urn:uuid:[0-9a-f-]{36}$/),
        title: expect.any(String),
        status,
        detail: expect.any(String),
        code,
      });
      expect(response.statusCode).toBe(status);
      expect([jobs.jobs.size, runs.started]).toEqual([0, []]);
    },
  );

  test('a submission with another media type is rejected', async () => {
    const { ask } = setUp();
    const response = await ask('/jobs', {
      method: 'POST',
      headers: { 'content-type': 'text/xml' },
      payload: '<job/>',
    });
    expect(response.json()).toMatchObject({ status: 415, code: 'MEDIA_TYPE_UNSUPPORTED' });
  });

  test('while Temporal cannot be reached a submission is answered with 503 and leaves no row', async () => {
    const { ask, jobs, runs, post } = setUp();
    runs.unreachable = true;
    const response = await post('/jobs', submission());
    expect(response.json()).toMatchObject({ status: 503, code: 'TEMPORAL_UNREACHABLE' });
    expect(response.headers['retry-after']).toBe('5');
    expect(jobs.jobs.size).toBe(0);
    expect((await ask('/livez')).statusCode).toBe(200);
    expect((await ask('/readyz')).statusCode).toBe(503);
  });

  test('unknown jobs, routes and methods are answered with 404 and 405', async () => {
    const { ask, post } = setUp();
    expect((await ask('/jobs/0123456789abcdef01234567')).json()).toMatchObject({
      status: 404,
      code: 'JOB_NOT_FOUND',
    });
    expect((await post('/jobs/0123456789abcdef01234567/succeed', { result: RESULT })).json()).toMatchObject({
      code: 'JOB_NOT_FOUND',
    });
    expect((await ask('/nowhere')).json()).toMatchObject({ status: 404, code: 'ROUTE_NOT_FOUND' });
    expect((await ask('/jobs/x', { method: 'DELETE' })).statusCode).toBe(405);
    expect((await ask('/jobs/..%2Fetc')).statusCode).toBe(400);
  });

  test('the same outcome may be reported again, and a different one is a conflict', async () => {
    const { post } = setUp();
    const { jobId } = (await post('/jobs', submission())).json<{ jobId: string }>();
    const succeed = () => post(`/jobs/${jobId}/succeed`, { result: RESULT });
    expect((await succeed()).json()).toMatchObject({ status: 'succeeded', result: RESULT });
    expect((await succeed()).statusCode).toBe(200);
    // As a newer worker reports it.
    const newer = await post(`/jobs/${jobId}/succeed`, { result: { ...RESULT, added: 1 } });
    expect(newer.json()).toMatchObject({ status: 'succeeded', result: RESULT });
    expect(newer.json().result).not.toHaveProperty('added');
    const failed = await post(`/jobs/${jobId}/fail`, { status: 'failed', code: 'X', reason: 'y' });
    expect(failed.json()).toMatchObject({ status: 409, code: 'JOB_CONFLICT' });
  });

  test('a failure is reported with code and reason, and an outcome of another shape is rejected', async () => {
    const { post } = setUp();
    const { jobId } = (await post('/jobs', submission())).json<{ jobId: string }>();
    expect((await post(`/jobs/${jobId}/fail`, { reason: 'no code' })).statusCode).toBe(400);
    expect(
      (await post(`/jobs/${jobId}/succeed`, { result: { ...RESULT, recordCount: -1 } })).statusCode,
    ).toBe(400);
    const failed = await post(`/jobs/${jobId}/fail`, {
      status: 'failed',
      code: 'TAMPER_FOUND',
      reason: 'altered',
    });
    expect(failed.json()).toMatchObject({
      status: 'failed',
      error: { code: 'TAMPER_FOUND', reason: 'altered' },
    });
  });

  test('the response to an internal error contains nothing of the error', async () => {
    const { ask, jobs } = setUp();
    jobs.faults.failNext('find', 'lost', new Error('mongodb://user:secret@host'));
    const response = await ask('/jobs/0123456789abcdef01234567');
    expect(response.json()).toMatchObject({ status: 500, code: 'INTERNAL' });
    expect(response.body).not.toContain('secret');
  });
});
