import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import autocannon from 'autocannon';
import { connectDatabase } from '../../src/mongo/connection';
import { connectTemporal } from '../../src/temporal/connection';
import { readTemporalConfig } from '../../src/config';
import { Services } from '../harness/services';

const DAY = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const SUBMISSION = JSON.stringify({ type: 'audit.snapshot', payload: DAY });
const FLOOD = 10_000;
const SLOW_CLIENTS = 1_000;

const headers = (key?: string) => ({
  'content-type': 'application/json',
  ...(key === undefined ? {} : { 'idempotency-key': key }),
});

describe('the job service on real servers', () => {
  const services = new Services({
    JOB_SERVICE_REQUESTS_PER_MINUTE: '1000',
    JOB_SERVICE_SUBMISSIONS_PER_MINUTE: '300',
  });
  const env = { ...process.env, ...services.env };

  beforeAll(() => services.start(), 120_000);
  afterAll(() => services.stop());

  const submit = (body: string, key?: string) =>
    services.request('/jobs', { method: 'POST', headers: headers(key), body });

  test('a hundred concurrent submissions with one idempotency key make one job and one workflow', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => submit(SUBMISSION, 'once')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(
      answers.some(({ status }) => status === 409) ? new Set([202, 409]) : new Set([202]),
    );
    const again = await submit(SUBMISSION, 'once');
    expect(again.status).toBe(202);
    const { jobId } = (await again.json()) as { jobId: string };
    for (const answer of answers.filter(({ status }) => status === 202))
      expect(await answer.json()).toMatchObject({ jobId });
    await services.ended(jobId);

    const database = await connectDatabase(services.env['MONGODB_URI']!);
    expect(await database.collection('jobs').countDocuments({})).toBe(1);
    await database.close();
    const { connection, client } = await connectTemporal(readTemporalConfig(env));
    const runs: string[] = [];
    for await (const run of client.workflow.list({
      query: `TaskQueue = '${services.env['TEMPORAL_TASK_QUEUE']}'`,
    }))
      runs.push(run.workflowId);
    await connection.close();
    expect(runs).toEqual([`audit-snapshot/${jobId}`]);

    const other = JSON.stringify({
      type: 'audit.snapshot',
      payload: { ...DAY, from: '2026-03-01T00:00:00.001Z' },
    });
    expect((await submit(other, 'once')).status).toBe(422);
  }, 60_000);

  test('a job can be followed to its end, and a job that succeeded is not retried', async () => {
    const submitted = await submit(
      JSON.stringify({ type: 'audit.snapshot', payload: { ...DAY, to: DAY.from } }),
    );
    const { jobId } = (await submitted.json()) as { jobId: string };
    const events = await services.request(`/jobs/${jobId}/events`);
    expect(await events.text()).toContain('event: result');
    const waited = await services.request(`/jobs/${jobId}?wait=30s`);
    expect(await waited.json()).toMatchObject({ jobId, status: 'succeeded' });
    expect((await services.request(`/jobs/${jobId}/retry`, { method: 'POST' })).status).toBe(409);
    const { jobs } = (await (await services.request(`/jobs?status=succeeded`)).json()) as {
      jobs: { jobId: string }[];
    };
    expect(jobs.map((job) => job.jobId)).toContain(jobId);
  }, 60_000);

  test('requests beyond the limit are answered with 429, while health checks take less than 250 ms', async () => {
    const flood = autocannon({
      url: `${services.url}/jobs`,
      method: 'POST',
      headers: { ...headers(), authorization: `Bearer ${services.token}` },
      // An invalid submission, so that requests within the limit seal nothing.
      body: '{"type":"audit.snapshot","payload":{}}',
      amount: FLOOD,
      connections: 20,
    });
    const state = { over: false };
    void flood.then(() => (state.over = true));
    const tookMs: number[] = [];
    while (!state.over) {
      for (const path of ['/livez', '/readyz']) {
        const from = performance.now();
        const { status } = await fetch(`${services.url}${path}`);
        tookMs.push(performance.now() - from);
        expect([path, status]).toEqual([path, 200]);
      }
    }
    const { statusCodeStats, errors } = await flood;
    expect(errors).toBe(0);
    expect(statusCodeStats?.['429']?.count).toBeGreaterThanOrEqual(FLOOD - 1000);
    const p99 = tookMs.toSorted((a, b) => a - b)[Math.floor(tookMs.length * 0.99)]!;
    expect(p99).toBeLessThan(250);
  }, 120_000);

  test('a thousand slow connections do not delay other clients, and are closed', async () => {
    const { hostname, port } = new URL(services.url);
    const sockets: Socket[] = [];
    let closed = 0;
    for (let at = 0; at < SLOW_CLIENTS; at++) {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined).on('close', () => closed++);
      sockets.push(socket);
      if (at % 100 === 99) await once(socket, 'connect');
      socket.write('POST /jobs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n');
    }
    const from = performance.now();
    for (let at = 0; at < 20; at++) expect((await fetch(`${services.url}/livez`)).status).toBe(200);
    expect((performance.now() - from) / 20).toBeLessThan(250);
    for (let waits = 0; waits < 60; waits++) {
      const open = sockets.filter(({ destroyed }) => !destroyed);
      if (open.length === 0) break;
      for (const socket of open) socket.write('x');
      await pause(500);
    }
    expect(closed).toBe(SLOW_CLIENTS);
  }, 90_000);
});
