import { once } from 'node:events';
import { createServer } from 'node:net';
import { choosePorts, isPortFree } from '../../../../dev/stack/ports';

const free = async () => true;

test('saved ports that are free are kept, and missing ones are chosen', async () => {
  const ports = await choosePorts(['api', 'cluster'], { api: 21_000 }, free);
  expect(ports['api']).toBe(21_000);
  expect(ports['cluster']).not.toBe(21_000);
});

test('a saved port that is taken is replaced', async () => {
  const ports = await choosePorts(['api'], { api: 21_000 }, async (port) => port !== 21_000);
  expect(ports['api']).not.toBe(21_000);
});

test('two names never get the same port, even when it was saved for both', async () => {
  const ports = await choosePorts(['a', 'b'], { a: 21_000, b: 21_000 }, free);
  expect(ports['b']).not.toBe(ports['a']);
});

test('chosen ports are below the ephemeral range of Linux and macOS', async () => {
  const chosen = await Promise.all(Array.from({ length: 300 }, () => choosePorts(['x'], {}, free)));
  for (const { x } of chosen) {
    expect(x).toBeGreaterThanOrEqual(20_000);
    expect(x).toBeLessThan(32_000);
  }
});

test('without a free port the search ends with an error', async () => {
  await expect(choosePorts(['api'], {}, async () => false)).rejects.toMatchObject({
    code: 'SERVER_START_FAILED',
  });
});

test('a port is not free while a process listens on it', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  expect(await isPortFree(port)).toBe(false);
  server.close();
  await once(server, 'close');
  expect(await isPortFree(port)).toBe(true);
});
