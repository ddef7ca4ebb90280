import { mongo } from 'mongoose';
import { isSnapshotError } from '../../../src/errors';
import { connectObjectStore } from '../../../src/storage/minioObjectStore';
import { HttpProxy, type HttpFault } from '../../chaos/httpProxy';
import { MongoTap, type MongoFault } from '../../chaos/mongoTap';
import { answersTo, readMessage, requestIdOf, writeMessage } from '../../chaos/mongoWire';
import { startScriptedServer } from '../../harness/scriptedServer';
import { storageConfigFor } from '../../harness/storageConfig';

const SHORT = { connectMs: 5_000, idleMs: 1_500, requestMs: 2_500 };

/** A proxy before a server on which no object exists, and the store that reaches the server through it. */
async function proxied(run: (proxy: HttpProxy, read: () => Promise<string>) => Promise<void>): Promise<void> {
  await using server = await startScriptedServer((_request, response) => response.writeHead(404).end());
  const { hostname, port } = new URL(server.url);
  const proxy = new HttpProxy(() => ({ host: hostname, port: Number(port) }), 'storage');
  const { host, port: own } = await proxy.listen();
  const store = connectObjectStore(storageConfigFor(`http://${host}:${own}`, { deadlines: SHORT }));
  const read = () =>
    store.get('key', 10).then(
      (found) => (found ? 'found' : 'absent'),
      (error: unknown) => (isSnapshotError(error) ? error.code : 'untranslated'),
    );
  try {
    await run(proxy, read);
  } finally {
    await proxy.close();
  }
}

test.each<[HttpFault, string]>([
  ['silent', 'STORAGE_UNREACHABLE'],
  ['stalled', 'STORAGE_UNREACHABLE'],
  ['outdated', 'STORAGE_FAILED'],
  ['denied', 'STORAGE_UNAUTHORIZED'],
  ['htmlError', 'STORAGE_FAILED'],
  ['cutError', 'STORAGE_FAILED'],
  ['emptyError', 'STORAGE_FAILED'],
])('a proxy with the fault "%s" fails one request, and the next one passes', async (fault, code) => {
  await proxied(async (proxy, read) => {
    let fired = 0;
    proxy.arm(fault, ['GET'], () => fired++);
    expect(await read()).toBe(code);
    expect(await read()).toBe('absent');
    expect(fired).toBe(1);
  });
});

test('a proxy denies absent objects, or everything, until this is lifted', async () => {
  await proxied(async (proxy, read) => {
    for (const refusal of ['denied', 'absentDenied'] as const) {
      proxy.refuse(refusal, () => undefined);
      expect([await read(), await read()]).toEqual(['STORAGE_UNAUTHORIZED', 'STORAGE_UNAUTHORIZED']);
      proxy.lift();
      expect(await read()).toBe('absent');
    }
  });
});

test('a connection that a proxy lets go silent answers nothing, and a new connection works', async () => {
  await proxied(async (proxy, read) => {
    let fired = 0;
    expect(await read()).toBe('absent');
    proxy.killConnections(() => fired++);
    expect(await read()).toBe('STORAGE_UNREACHABLE');
    expect(await read()).toBe('absent');
    expect(fired).toBe(1);
  });
});

test.each<[MongoFault, number]>([
  ['denied', 13],
  ['notPrimary', 10_107],
  ['full', 14_031],
])(
  'a write with the fault "%s" never reaches the database, and gets the error of a server',
  async (fault, code) => {
    const tap = new MongoTap({ onWrite: () => fault, onChange: () => undefined });
    const [sent] = await tap.toServer(writeMessage({ insert: 'logs', $db: 'audit' }, 7));
    expect(readMessage(sent!)).toMatchObject({ ping: 1 });
    expect(requestIdOf(sent!)).toBe(7);
    const [received] = await tap.toClient(writeMessage({ ok: 1 }, 8, 7));
    expect(answersTo(received!)).toBe(7);
    expect(readMessage(received!)).toMatchObject({ ok: 0, code });
    expect(new mongo.MongoServerError(readMessage(received!))).toMatchObject({ code });
  },
);
