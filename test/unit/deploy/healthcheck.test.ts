import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';

const SCRIPT = resolve(__dirname, '../../../deploy/healthcheck.cjs');
/** Nothing can listen here without being root, and nothing that is does. */
const CLOSED = '1';

function exitCode(ports: { readonly worker: string; readonly service: string }): Promise<number | null> {
  const env = { ...process.env, WORKER_HTTP_PORT: ports.worker, PORT: ports.service };
  return new Promise((settle) => {
    const child = execFile(process.execPath, [SCRIPT], { env }, () => settle(child.exitCode));
  });
}

describe('the health check of the image', () => {
  const servers: Server[] = [];
  afterEach(() => servers.splice(0).forEach((server) => server.close()));

  /** A server that answers GET /livez with this status; its port. */
  async function answering(status: number): Promise<string> {
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/livez' ? status : 404).end();
    });
    servers.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return String((server.address() as AddressInfo).port);
  }

  test('passes in a container whose worker answers', async () => {
    expect(await exitCode({ worker: await answering(200), service: CLOSED })).toBe(0);
  });

  test('passes in a container whose job service answers', async () => {
    expect(await exitCode({ worker: CLOSED, service: await answering(200) })).toBe(0);
  });

  test('fails where neither answers, or one answers that it is not alive', async () => {
    expect(await exitCode({ worker: CLOSED, service: CLOSED })).toBe(1);
    expect(await exitCode({ worker: await answering(503), service: CLOSED })).toBe(1);
  });
});
