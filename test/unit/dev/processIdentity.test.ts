import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { identify, isAlive, parseProcStat } from '../../../dev/processIdentity';

const after = (state: string, start: string) => `${state} ${Array(18).fill('1').join(' ')} ${start} 99 100`;

test('the start time is found behind a command name with spaces and parentheses', () => {
  expect(parseProcStat(`17 (a) b (c) ${after('S', '4711')}`)).toBe('4711');
});

test('a zombie counts as gone', () => {
  expect(parseProcStat(`17 (server) ${after('Z', '4711')}`)).toBeUndefined();
});

test('a process is alive until it ends, and a later one under its pid is another', async () => {
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
