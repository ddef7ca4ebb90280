import { connect } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { deferred } from '../../harness/deferred';
import { makeJobService, submission } from '../../harness/jobService';

const ALWAYS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

describe('the headers of every response', () => {
  test.each([
    ['of a job list', '/jobs', 200],
    ['without a token', '/jobs', 401],
    ['of an unknown route', '/nowhere', 404],
    ['of an unreadable URL', '/jobs/%', 400],
    ['of the health', '/livez', 200],
    ['of the OpenAPI document', '/openapi.json', 200],
  ])('a response %s is not stored, not sniffed and not framed', async (_, url, status) => {
    const { app, ask } = makeJobService();
    const response = status === 401 ? await app.inject(url) : await ask(url);
    expect(response.statusCode).toBe(status);
    expect(response.headers).toMatchObject(ALWAYS);
    expect(response.headers).not.toHaveProperty('strict-transport-security');
  });

  test('what is not HTTP gets them as well', async () => {
    const { app } = makeJobService();
    await app.listen({ host: '127.0.0.1', port: 0 });
    try {
      const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
      socket.write('NONSENSE\r\n\r\n');
      const [answer] = (await once(socket, 'data')) as [Buffer];
      for (const [name, value] of Object.entries(ALWAYS))
        expect(answer.toString('latin1')).toContain(`\r\n${name}: ${value}\r\n`);
      socket.destroy();
    } finally {
      await app.close();
    }
  });
});

test('the detail of a 503 names no host, and says which server it is about', async () => {
  const { post, runs, jobs, ask } = makeJobService();
  runs.unreachable = true;
  const temporal = await post('/jobs', submission());
  expect(temporal.json()).toMatchObject({
    status: 503,
    code: 'TEMPORAL_UNREACHABLE',
    detail: 'Temporal did not answer properly; the log of the service has the reason',
  });
  expect(temporal.body).not.toContain('internal');
  jobs.faults.refuse(Object.assign(new Error('mongodb://user:secret@db.internal')), 'list');
  const failed = await ask('/jobs');
  expect(failed.json()).toMatchObject({ status: 500, code: 'INTERNAL' });
  expect(failed.body).not.toMatch(/secret|db\.internal/);
});

test('a plain read takes no slot of those who wait', async () => {
  const { ask, submit, clock } = makeJobService();
  const jobId = await submit();
  const gate = deferred<void>();
  clock.onPause = () => gate.promise;
  const waiting = Array.from({ length: 100 }, () => ask(`/jobs/${jobId}?wait=60s`));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect((await ask(`/jobs/${jobId}?wait=1s`)).json()).toMatchObject({ code: 'RATE_LIMITED' });
  expect((await ask(`/jobs/${jobId}`)).statusCode).toBe(200);
  gate.resolve();
  await Promise.all(waiting);
});
