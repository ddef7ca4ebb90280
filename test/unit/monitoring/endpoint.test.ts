import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { createEndpoint, serveEndpoint } from '../../../src/monitoring/endpoint';

const PAGES = {
  '/metrics': () => Promise.resolve({ status: 200, type: 'text/plain; version=0.0.4', text: 'up 1\n' }),
  '/livez': () => Promise.reject(new Error('mongodb://user:secret@db.internal')),
};
const at = (port: number, configured: boolean) => ({
  host: '127.0.0.1',
  port,
  configured,
  setting: 'WORKER_HTTP_PORT',
});

describe('the endpoint of metrics', () => {
  test('serves a page with its type, and forbids to store it or to guess its type', async () => {
    await using app = createEndpoint(PAGES);
    const { statusCode, headers, body } = await app.inject('/metrics');
    expect({ statusCode, body }).toEqual({ statusCode: 200, body: 'up 1\n' });
    expect(headers).toMatchObject({
      'content-type': 'text/plain; version=0.0.4',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
  });

  test('tells nothing about a page that fails, and has no other page', async () => {
    await using app = createEndpoint(PAGES);
    expect(await app.inject('/livez')).toMatchObject({ statusCode: 500, body: 'failed\n' });
    expect(await app.inject('/')).toMatchObject({ statusCode: 404, body: 'not found\n' });
    expect(await app.inject({ url: '/metrics', method: 'POST' })).toMatchObject({ statusCode: 404 });
  });
});

describe('a port that another process uses', () => {
  let taken: Server;
  let port = 0;
  const warnings: string[] = [];
  const log = { info: () => undefined, warn: (_facts: object, message: string) => warnings.push(message) };

  beforeAll(async () => {
    taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    ({ port } = taken.address() as { port: number });
  });
  afterAll(() => taken.close());

  test('is an error when it was configured', async () => {
    await expect(serveEndpoint(at(port, true), PAGES, log)).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      message: expect.stringContaining('set WORKER_HTTP_PORT') as string,
    });
  });

  test('is a warning when it is the default, because a second worker on a machine must seal', async () => {
    await using endpoint = await serveEndpoint(at(port, false), PAGES, log);
    expect(endpoint.url).toBeUndefined();
    expect(warnings).toEqual([
      `running without metrics: cannot listen on 127.0.0.1, port ${port}: EADDRINUSE`,
    ]);
  });
});
