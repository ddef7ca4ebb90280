import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinary } from '../../../../dev/stack/installation';
import { CATALOG } from '../../../../dev/stack/servers/catalog';
import type { InstallContext, Tool } from '../../../../dev/stack/tool';

let root: string;
let tool: Tool;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'install-'));
  tool = makeTool('cp "$1" built && echo built >> count');
});
afterEach(() => rmSync(root, { recursive: true }));

/** A tool "built" by a shell script, with `sh` instead of a toolchain. */
function makeTool(script: string): Tool {
  const source = join(root, 'source');
  writeFileSync(source, '#!/bin/sh\nexit 0\n');
  return {
    name: 'thing',
    version: '1.2.3',
    binaries: ['thing-server'],
    toolchain: { program: 'sh', title: 'a shell (sh)', probe: ['-c', 'exit 0'] },
    effort: 'at once',
    steps: (_directory, sh) => [{ command: sh, args: ['-c', script, 'sh', source] }],
    built: (directory) => join(directory, 'built'),
    probe: [],
  };
}

function makeContext(over: Partial<InstallContext> = {}): InstallContext {
  return {
    environment: { PATH: '/usr/bin:/bin', AUDIT_SNAPSHOT_CACHE: join(root, 'cache') },
    signal: new AbortController().signal,
    replacedBy: 'THING_URL',
    guard: () => undefined,
    report: () => undefined,
    ...over,
  };
}

test('a program on PATH is used, and no tool is installed', async () => {
  const bin = join(root, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'thing-server'), '');
  const environment = { ...makeContext().environment, PATH: `${bin}:/usr/bin:/bin` };
  // a file that cannot be executed is not a program
  await findBinary(tool, makeContext({ environment }));
  expect(existsSync(join(root, 'cache', 'thing', '1.2.3', 'thing'))).toBe(true);
  chmodSync(join(bin, 'thing-server'), 0o755);
  await expect(findBinary(tool, makeContext({ environment }))).resolves.toBe(join(bin, 'thing-server'));
});

test('a tool is built once and cached by its version, and its build directory is removed', async () => {
  const report = jest.fn();
  const path = await findBinary(tool, makeContext({ report }));
  expect(path).toBe(join(root, 'cache', 'thing', '1.2.3', 'thing'));
  expect(existsSync(join(root, 'cache', 'build', 'thing-1.2.3'))).toBe(false);
  await findBinary(tool, makeContext({ report }));
  expect(report.mock.calls.map(([phase]) => String(phase))).toEqual(['installing']);
});

test('two processes that need a tool at the same time build it once', async () => {
  const count = join(root, 'count');
  tool = makeTool(`echo built >> ${count}; cp "$1" built`);
  const paths = await Promise.all([findBinary(tool, makeContext()), findBinary(tool, makeContext())]);
  expect(paths[0]).toBe(paths[1]);
  expect(readFileSync(count, 'utf8')).toBe('built\n');
});

test('an interrupted build keeps its build directory, and the next build continues there', async () => {
  const aborter = new AbortController();
  const slow = makeTool('echo half > half; exec sleep 60');
  const buildDirectory = join(root, 'cache', 'build', 'thing-1.2.3');
  const interrupted = findBinary(slow, makeContext({ signal: aborter.signal, guard: () => aborter.abort() }));
  await expect(interrupted).rejects.toThrow(/abort/i);
  expect(existsSync(buildDirectory)).toBe(true);
  writeFileSync(join(buildDirectory, 'half'), 'half');
  const rest = makeTool('test "$(cat half)" = half && cp "$1" built');
  await expect(findBinary(rest, makeContext())).resolves.toContain('1.2.3');
});

test('a failed build reports its last lines, its log and the variable that makes it unnecessary', async () => {
  const failing = makeTool('echo no space left on device >&2; exit 7');
  const log = join(root, 'cache', 'logs', 'thing-1.2.3.log');
  const attempt = findBinary(failing, makeContext());
  await expect(attempt).rejects.toMatchObject({ code: 'INSTALL_FAILED' });
  await expect(attempt).rejects.toThrow(/ended with 7.*THING_URL.*no space left on device/s);
  await expect(attempt).rejects.toThrow(log);
  expect(existsSync(join(root, 'cache', 'thing', '1.2.3', 'thing'))).toBe(false);
});

test('a tool whose program does not run is not put into the cache', async () => {
  const broken = makeTool('printf "#!/bin/sh\\nexit 4\\n" > built; chmod +x built');
  await expect(findBinary(broken, makeContext())).rejects.toThrow(/built ended with 4/);
  expect(existsSync(join(root, 'cache', 'thing', '1.2.3', 'thing'))).toBe(false);
});

test.each(Object.values(CATALOG))(
  'without its toolchain, the error for $name names the toolchain and $urlVariable',
  async (server) => {
    const environment = { PATH: '/nowhere', AUDIT_SNAPSHOT_CACHE: join(root, 'cache') };
    const attempt = findBinary(server.tool, makeContext({ environment, replacedBy: server.urlVariable }));
    await expect(attempt).rejects.toMatchObject({ code: 'TOOLCHAIN_MISSING' });
    await expect(attempt).rejects.toThrow(server.tool.toolchain.program);
    await expect(attempt).rejects.toThrow(server.urlVariable);
  },
);

test('a toolchain that exists but does not work counts as missing', async () => {
  const bin = join(root, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'go'), '#!/bin/sh\nexit 1\n');
  chmodSync(join(bin, 'go'), 0o755);
  const environment = { PATH: bin, AUDIT_SNAPSHOT_CACHE: join(root, 'cache') };
  await expect(findBinary(CATALOG.storage.tool, makeContext({ environment }))).rejects.toThrow(
    `not usable (${bin}/go version fails)`,
  );
});
