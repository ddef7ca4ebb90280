import type { Progress } from '../../../src/contract/snapshot';
import { DAY, makeJobService, RESULT } from '../../harness/jobService';

const PROGRESS: Progress = {
  stage: 'sealing',
  jobId: 'x',
  snapshotId: 'snap-x',
  window: { from: RESULT.window.from, to: DAY.to },
  attempt: 1,
  maxAttempts: 3,
  stored: 0,
  hashed: 0,
  marked: 0,
  chunks: 0,
  findings: 0,
};

async function running() {
  const service = makeJobService();
  const jobId = await service.submit();
  await service.jobs.ensure({ jobId, ...DAY }, 1);
  const seen = { stored: 0 };
  service.runs.progressOf = () => Promise.resolve({ ...PROGRESS, stored: seen.stored });
  return { ...service, jobId, seen };
}

describe('GET /jobs/:id?wait', () => {
  test('a long poll is answered as soon as the job has ended', async () => {
    const { ask, jobs, jobId, clock } = await running();
    const startedMs = clock.nowMs;
    clock.onPause = async () => {
      if (clock.nowMs - startedMs >= 5_000) await jobs.report(jobId, { status: 'succeeded', result: RESULT });
    };
    const response = await ask(`/jobs/${jobId}?wait=30s`);
    expect(response.json()).toMatchObject({ status: 'succeeded', result: RESULT });
    expect(clock.nowMs - startedMs).toBeLessThan(6_000);
    expect(response.headers['retry-after']).toBeUndefined();
  });

  test('a long poll is answered with the current state when its time is over', async () => {
    const { ask, jobId, clock } = await running();
    const startedMs = clock.nowMs;
    const response = await ask(`/jobs/${jobId}?wait=30s`);
    expect(response.json()).toMatchObject({ status: 'running', progress: { stage: 'sealing' } });
    expect(clock.nowMs - startedMs).toBeGreaterThanOrEqual(30_000);
    expect(response.headers['retry-after']).toBe('1');
  });

  test('without wait a job is answered at once', async () => {
    const { ask, jobId, clock } = await running();
    const startedMs = clock.nowMs;
    await ask(`/jobs/${jobId}`);
    expect(clock.nowMs).toBe(startedMs);
  });

  test.each(['', '30', '61s', '-1s', '1.5s', '030s', '30S', '30s '])('wait=%j is rejected', async (wait) => {
    const { ask, jobId } = await running();
    const response = await ask(`/jobs/${jobId}?wait=${encodeURIComponent(wait)}`);
    expect(response.json()).toMatchObject({ status: 400, code: 'USAGE_INVALID' });
  });

  test('a long poll ends when the service drains, with the current state', async () => {
    const { ask, jobId, clock, beginDrain } = await running();
    const startedMs = clock.nowMs;
    clock.onPause = beginDrain;
    expect((await ask(`/jobs/${jobId}?wait=60s`)).json()).toMatchObject({ status: 'running' });
    expect(clock.nowMs - startedMs).toBeLessThan(1_000);
  });
});

/** The events of a stream: name, id and data. */
function eventsOf(body: string) {
  return body
    .split('\n\n')
    .map((block) =>
      Object.fromEntries([...block.matchAll(/^(id|event|data): (.*)$/gm)].map(([, k, v]) => [k, v])),
    )
    .filter((event) => event['event'] !== undefined);
}

describe('GET /jobs/:id/events', () => {
  test('an event stream has every change once, then the result, and ends', async () => {
    const { ask, jobs, jobId, clock, seen } = await running();
    let polls = 0;
    clock.onPause = async () => {
      polls++;
      if (polls === 3 || polls === 6) seen.stored += 10;
      if (polls === 9) await jobs.report(jobId, { status: 'succeeded', result: RESULT });
    };
    const { body, headers } = await ask(`/jobs/${jobId}/events`);
    expect(headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const events = eventsOf(body);
    expect(events.map(({ event }) => event)).toEqual(['progress', 'progress', 'progress', 'result']);
    expect(new Set(events.map(({ id }) => id)).size).toBe(4);
    expect(JSON.parse(events[2]!['data'])).toMatchObject({ status: 'running', progress: { stored: 20 } });
    expect(JSON.parse(events[3]!['data'])).toMatchObject({ status: 'succeeded', result: RESULT });
  });

  test.each(['failed', 'cancelled'] as const)(
    'an event stream ends with the event %s and its reason',
    async (status) => {
      const { ask, post, submit } = makeJobService();
      const jobId = await submit();
      await post(`/jobs/${jobId}/fail`, { status, code: 'JOB_CANCELLED', reason: 'y' });
      const [last, ...others] = eventsOf((await ask(`/jobs/${jobId}/events`)).body);
      expect([last!['event'], others]).toEqual([status, []]);
      expect(JSON.parse(last!['data'])).toMatchObject({ status, error: { reason: 'y' } });
    },
  );

  test('a client that reconnects with Last-Event-ID gets only what is new', async () => {
    const { ask, jobs, jobId, clock } = await running();
    clock.onPause = async () => jobs.report(jobId, { status: 'succeeded', result: RESULT });
    const [first, last] = eventsOf((await ask(`/jobs/${jobId}/events`)).body);
    const again = await ask(`/jobs/${jobId}/events`, { headers: { 'last-event-id': first!['id']! } });
    expect(eventsOf(again.body)).toEqual([last]);
    const over = await ask(`/jobs/${jobId}/events`, { headers: { 'last-event-id': last!['id']! } });
    expect([over.statusCode, over.body]).toEqual([204, '']);
  });

  test('the event stream of a job that does not change is kept alive with comments', async () => {
    const { ask, jobId, clock, beginDrain } = await running();
    const startedMs = clock.nowMs;
    clock.onPause = () => {
      if (clock.nowMs - startedMs > 50_000) beginDrain();
    };
    const { body } = await ask(`/jobs/${jobId}/events`);
    expect(eventsOf(body)).toHaveLength(1);
    expect(body.match(/^: keep-alive$/gm)).toHaveLength(3);
  });
});
