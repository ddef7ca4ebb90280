import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { identify, isAlive, parseProcStat } from '../../../../dev/stack/processIdentity';

/** The fields of proc_pid_stat(5) from the state on; the others do not matter here. */
const after = (state: string, threads: number) =>
  [state, ...Array<number>(16).fill(1), threads, 0, '4711', 99, 100].join(' ');

test('the start time of a process is found after a command name with spaces and parentheses', () => {
  expect(parseProcStat(`17 (a) b (c) ${after('S', 1)}`)).toBe('4711');
});

test('a zombie counts as ended, unless other threads of it still run and hold its ports', () => {
  expect(parseProcStat(`17 (server) ${after('Z', 1)}`)).toBeUndefined();
  expect(parseProcStat(`17 (server) ${after('Z', 2)}`)).toBe('4711');
});

test('a process is alive until it ends, and a later one with its pid is a different process', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const identity = identify(child.pid ?? 0);
  if (identity === undefined) throw new Error('not seen');
  expect(isAlive(identity)).toBe(true);
  expect(isAlive({ ...identity, born: `${identity.born}0` })).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isAlive(identity)).toBe(false);
});
