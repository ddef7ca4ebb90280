import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify } from '../../dev/stack/processIdentity';
import type { ServerName } from '../../dev/stack/serverName';
import { startStack, type RunningStack, type StartOptions } from '../../dev/stack/stack';
import { cleanStack } from '../../dev/stack/stackCommands';
import { locateStack } from '../../dev/stack/stackDirectory';
import { readState } from '../../dev/stack/state';
import { runProgram, startProgram, firstLine } from '../harness/childProgram';
import { embeddedEnvironment } from '../harness/embeddedEnvironment';
import { eventually } from '../harness/eventually';

const TIMEOUT_MS = 120_000;
const environment = embeddedEnvironment();
const names = new Set<string>();
const scratch = mkdtempSync(join(tmpdir(), 'stack-test-'));

function nameOf(label: string): string {
  const name = `${label}-${process.pid}`;
  names.add(name);
  return name;
}

function start(name: string, options: StartOptions = {}): Promise<RunningStack> {
  return startStack({ name, environment, ...options });
}

async function pidsOf(stack: RunningStack): Promise<Record<ServerName, number>> {
  const entries = (await stack.servers()).map(({ server, pid }) => [server, pid]);
  return Object.fromEntries(entries) as Record<ServerName, number>;
}

function portsOf(name: string): number[] {
  const records = Object.values(readState(locateStack(name)));
  return records.flatMap((record) => (record.kind === 'embedded' ? Object.values(record.ports) : []));
}

const isRunning = (pid: number) => identify(pid) !== undefined;

afterAll(async () => {
  for (const name of names) await cleanStack({ name, force: true });
  rmSync(scratch, { recursive: true });
}, TIMEOUT_MS);

describe('one stack', () => {
  const name = nameOf('one');
  let stack: RunningStack;

  beforeAll(async () => {
    stack = await start(name);
  }, TIMEOUT_MS);

  afterAll(async () => {
    await stack?.stop();
  }, TIMEOUT_MS);

  test('a second start of a stack uses its running servers, and stopping it stops none of them', async () => {
    const before = await pidsOf(stack);
    const second = await start(name);
    expect(await pidsOf(second)).toEqual(before);
    expect(second.env).toEqual(stack.env);
    await second.stop();
    expect(Object.values(before).every(isRunning)).toBe(true);
  }, 120_000);

  test('a stack whose own addresses are in the environment still owns its servers', async () => {
    const again = await start(name, { environment: { ...environment, ...stack.env } });
    expect((await again.servers()).map(({ state }) => state)).toEqual(Array(4).fill('running'));
    await again.stop();
  }, 120_000);

  test('a server whose port is taken restarts on another port with its data', async () => {
    const port = Number(new URL(stack.env['S3_ENDPOINT'] ?? '').port);
    await stack.kill('storage');
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    try {
      await stack.restart('storage');
    } finally {
      squatter.close();
    }
    expect(stack.env['S3_ENDPOINT']).not.toContain(`:${port}`);
    expect((await stack.servers()).find(({ server }) => server === 'storage')?.state).toBe('running');
  }, 120_000);

  test('no secret is in a command line, and no other user can read the files of the stack', async () => {
    const secrets = ['S3_ACCESS_KEY', 'S3_SECRET_KEY', 'VAULT_SECRET_ID', 'VAULT_ROLE_ID'].map(
      (key) => stack.env[key] ?? '',
    );
    expect(secrets.every((secret) => secret.length > 15)).toBe(true);
    const keys = readFileSync(join(stack.dataDir, 'bao', 'keys.json'), 'utf8');
    const { unsealKey, rootToken } = JSON.parse(keys) as { unsealKey: string; rootToken: string };
    const lines = readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry) && identify(Number(entry)) !== undefined)
      .map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    expect(lines.some((line) => line.includes(stack.dataDir))).toBe(true);
    for (const secret of [...secrets, unsealKey, rootToken]) {
      expect(lines.filter((line) => line.includes(secret))).toEqual([]);
      expect(readFileSync(join(stack.dataDir, 'state.json'), 'utf8')).not.toContain(secret);
    }
    expect(statSync(stack.dataDir).mode & 0o777).toBe(0o700);
    for (const file of ['state.json', 'bao/keys.json', 'bao/approle.json', 'storage/credentials.json']) {
      expect(statSync(join(stack.dataDir, file)).mode & 0o777).toBe(0o600);
    }
  });

  test('two stacks share no port and no data, and another process cannot take over a foreground stack', async () => {
    const other = nameOf('two');
    const beside = await start(other);
    const ports = [...portsOf(name), ...portsOf(other)];
    expect(new Set(ports).size).toBe(ports.length);
    expect(beside.dataDir).not.toBe(stack.dataDir);
    expect(beside.env['S3_SECRET_KEY']).not.toBe(stack.env['S3_SECRET_KEY']);
    await beside.stop();
    const { code, stderr } = await runProgram(
      'src/cli/main.ts',
      ['stack', 'up', '--name', name],
      environment,
    );
    expect([code, stderr]).toEqual([1, expect.stringContaining(`belongs to process ${process.pid}`)]);
  }, 120_000);

  test('a server that is named in the environment is used and not started', async () => {
    const borrowed = await start(nameOf('borrowing'), {
      environment: { ...environment, MONGODB_URI: stack.env['MONGODB_URI'] },
    });
    const servers = await borrowed.servers();
    expect(servers.find(({ server }) => server === 'mongo')).toMatchObject({
      state: 'external',
      pid: undefined,
    });
    expect(borrowed.env['MONGODB_URI']).toBe(stack.env['MONGODB_URI']);
    await expect(borrowed.kill('mongo')).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    await borrowed.stop();
    expect((await stack.servers()).every(({ state }) => state === 'running')).toBe(true);
  }, 120_000);
});

test.each([
  [
    'a server that cannot start',
    'SERVER_START_FAILED',
    '#!/bin/sh\necho the disk is gone >&2\nexit 3\n',
    /the disk is gone/,
  ],
  ['a server that is not executable code', 'SERVER_START_FAILED', 'neither script nor program', /temporal/],
] as const)(
  '%s fails the start of the stack and leaves no process',
  async (_case, code, program, message) => {
    const bin = mkdtempSync(join(scratch, 'bin-'));
    writeFileSync(join(bin, 'temporal'), program);
    chmodSync(join(bin, 'temporal'), 0o755);
    const name = nameOf(
      `failing-${bin
        .slice(-6)
        .toLowerCase()
        .replace(/[^a-z0-9]/g, '0')}`,
    );
    const PATH = `${bin}:${environment['PATH']}`;
    await expect(start(name, { environment: { ...environment, PATH } })).rejects.toMatchObject({
      code,
      message,
    });
    const folder = locateStack(name).path;
    const left = readdirSync('/proc').filter(
      (pid) => /^\d+$/.test(pid) && isRunning(Number(pid)) && commandLine(pid).includes(folder),
    );
    expect(left).toEqual([]);
  },
  120_000,
);

test('the start of a stack names the variable of an address that does not answer', async () => {
  const TEMPORAL_ADDRESS = '127.0.0.1:1';
  await expect(
    start(nameOf('astray'), { environment: { ...environment, TEMPORAL_ADDRESS } }),
  ).rejects.toMatchObject({
    code: 'TEMPORAL_UNREACHABLE',
    message: expect.stringContaining('TEMPORAL_ADDRESS') as string,
  });
}, 120_000);

test('the servers of a foreground stack end when their parent is killed', async () => {
  const parent = startProgram('test/harness/foregroundStack.ts', [nameOf('orphans')], environment);
  const pids = JSON.parse(await firstLine(parent)) as number[];
  expect(pids).toHaveLength(4);
  expect(pids.every(isRunning)).toBe(true);
  parent.kill('SIGKILL');
  await eventually('the end of the servers', () => !pids.some(isRunning));
}, 120_000);

test('the command line starts a background stack, shows it, stops it and removes it', async () => {
  const name = nameOf('cli');
  const stack = (...args: string[]) =>
    runProgram('src/cli/main.ts', ['stack', ...args, '--name', name], environment);
  expect(await stack('env')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('never brought up') as string,
  });
  expect(await stack('status')).toMatchObject({ code: 1 });
  const up = JSON.parse((await stack('up', '--json')).stdout) as {
    servers: { state: string; pid: number }[];
  };
  expect(up.servers.map(({ state }) => state)).toEqual(Array(4).fill('running'));
  expect(JSON.parse((await stack('status', '--json')).stdout)).toEqual(up);
  const variables = JSON.parse((await stack('env', '--json')).stdout) as Record<string, string>;
  expect((await stack('env')).stdout).toContain(`export VAULT_ADDR=${variables['VAULT_ADDR']}\n`);
  expect(await stack('clean')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('STACK_BUSY') as string,
  });
  expect(await stack('down')).toMatchObject({ code: 0 });
  expect(up.servers.some(({ pid }) => isRunning(pid))).toBe(false);
  expect(await stack('clean')).toMatchObject({ code: 0 });
  expect(readdirSync(join(locateStack(name).path, '..'))).not.toContain(name);
}, 120_000);

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
