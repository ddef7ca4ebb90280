import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../harness/eventually';

const PROGRAM = join(__dirname, '../../harness/suiteWatchdog.cjs');
/** Never ends by itself; that it does not loop leaves the processor to others. */
const HANGS = 'setInterval(() => undefined, 1000)';
const SUITE = '/checkout/test/unit/loop.test.ts';
const SUMMARY = `suite did not end: ${SUITE}\n3 passed, 1 failed\n`;

const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-watchdog-'));
const summaryFile = `${directory}.summary`;
const children: ChildProcess[] = [];

beforeAll(() => writeFileSync(summaryFile, SUMMARY));
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => {
  for (const path of [directory, summaryFile]) rmSync(path, { recursive: true, force: true });
});

function start(...args: string[]): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, args);
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += String(part)));
  return { child, output: () => output };
}

/** Marks a suite that has run for `seconds` in this process. */
function mark(pid: number | undefined, seconds: number): void {
  const marker = JSON.stringify({ suite: SUITE, startedMs: Date.now() - seconds * 1000 });
  writeFileSync(join(directory, String(pid)), marker);
}

function startWatchdog(jestPid: number | undefined) {
  return start(PROGRAM, JSON.stringify({ directory, summaryFile, jestPid, suiteSeconds: { unit: 60 } }));
}

test('a suite that loops forever is killed after its limit, and the watchdog names it', async () => {
  const { child: suite } = start('-e', HANGS);
  mark(suite.pid, 61);
  const { output } = startWatchdog(process.pid);
  const [, signal] = (await once(suite, 'exit')) as [null, string];
  expect(signal).toBe('SIGKILL');
  await eventually('the name of the suite', () => output().includes(`within 60 s: ${SUITE}`));
});

test('a suite within its limit is not killed', async () => {
  const { child: early } = start('-e', HANGS);
  const { child: late } = start('-e', HANGS);
  mark(early.pid, 0);
  mark(late.pid, 61);
  startWatchdog(process.pid);
  await once(late, 'exit');
  expect([early.exitCode, early.signalCode]).toEqual([null, null]);
});

test('the watchdog prints the summary so far when the suite loops in the process of Jest', async () => {
  const { child: jest } = start('-e', HANGS);
  mark(jest.pid, 61);
  const { child, output } = startWatchdog(jest.pid);
  await Promise.all([once(jest, 'exit'), once(child, 'close')]);
  expect(output().trimEnd().endsWith(SUMMARY.trimEnd())).toBe(true);
  expect(existsSync(directory)).toBe(false);
});
