import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SEARCH_ATTRIBUTES } from '../../../../../src/contract/searchAttributes';
import { CATALOG } from '../../../../../dev/stack/servers/catalog';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'server-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test.each(Object.values(CATALOG))('$name listens on its own ports of the loopback address only', (server) => {
  const ports = Object.fromEntries(server.portNames.map((name, index) => [name, 21_000 + index]));
  const { args } = server.prepare({ folder, ports, binary: `/bin/${server.tool.name}` });
  const configuration = args.join(' ') + (server.name === 'vault' ? readConfig() : '');
  for (const port of Object.values(ports)) expect(configuration).toContain(String(port));
  expect(configuration).toContain('127.0.0.1');
  expect(configuration).not.toContain('0.0.0.0');
  expect(server.environment({ folder, ports, binary: '' })[server.urlVariable]).toContain('127.0.0.1:21000');
});

test('Temporal is started with every search attribute of the contract and its type', () => {
  const ports = { grpc: 1, ui: 2, http: 3, metrics: 4 };
  const { args } = CATALOG.temporal.prepare({ folder, ports, binary: 'temporal' });
  for (const [name, type] of Object.entries(SEARCH_ATTRIBUTES)) expect(args).toContain(`${name}=${type}`);
});

test('the storage server keeps its credentials over restarts, and gets them by its environment', () => {
  const instance = { folder, ports: { s3: 21_000 }, binary: 'versitygw' };
  const first = CATALOG.storage.prepare(instance);
  expect(CATALOG.storage.prepare(instance)).toEqual(first);
  expect(CATALOG.storage.environment(instance)).toMatchObject({
    S3_ACCESS_KEY: first.env['ROOT_ACCESS_KEY'],
    S3_SECRET_KEY: first.env['ROOT_SECRET_KEY'],
  });
  expect(first.args.join(' ')).not.toContain(first.env['ROOT_SECRET_KEY']);
});

test('a file system without extended attributes is reported as the reason of a failed start', () => {
  const instance = { folder, ports: { s3: 21_000 }, binary: 'versitygw' };
  const { storage } = CATALOG;
  expect(storage.explain?.(['2026 xattrs are not supported on this filesystem'], instance)).toContain(folder);
  expect(storage.explain?.(['address already in use'], instance)).toBeUndefined();
});

test('a mongod on PATH is started as a replica set, the embedded server with synced commits', () => {
  const instance = { folder, ports: { wire: 21_000 } };
  expect(CATALOG.mongo.prepare({ ...instance, binary: '/usr/bin/mongod' }).args).toContain('--replSet');
  expect(CATALOG.mongo.prepare({ ...instance, binary: '/cache/secantusd-rs' }).args).toContain(
    '--sync-on-commit',
  );
});

function readConfig(): string {
  return readFileSync(join(folder, 'config.json'), 'utf8');
}
