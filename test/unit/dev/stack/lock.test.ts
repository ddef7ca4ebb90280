import { EventEmitter, once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../../../../dev/stack/lock';
import { identify } from '../../../../dev/stack/processIdentity';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
  path = join(folder, 'it.lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('of two actions under one lock, the second begins when the first has ended', async () => {
  const order: string[] = [];
  const gate = new EventEmitter();
  const [begun, mayEnd] = [once(gate, 'begun'), once(gate, 'may end')];
  const first = withLock(path, {}, async () => {
    order.push('first begins');
    gate.emit('begun');
    await mayEnd;
    order.push('first ends');
  });
  await begun;
  const onWait = jest.fn(() => void gate.emit('may end'));
  await withLock(path, { onWait }, async () => void order.push('second'));
  await first;
  expect(order).toEqual(['first begins', 'first ends', 'second']);
  expect(onWait).toHaveBeenCalledTimes(1);
  expect(onWait).toHaveBeenCalledWith(expect.objectContaining({ pid: process.pid }));
});

test('a lock whose owner died is taken over', async () => {
  writeFileSync(path, JSON.stringify({ pid: 999_999_999, born: 'long ago', token: 'old' }));
  await expect(withLock(path, {}, async () => 'done')).resolves.toBe('done');
});

test('a lock whose owner’s pid now belongs to another process is taken over', async () => {
  writeFileSync(path, JSON.stringify({ pid: process.pid, born: 'before', token: 'old' }));
  await expect(withLock(path, {}, async () => 'done')).resolves.toBe('done');
});

test('a lock is free again after a failed action, and leaves no file', async () => {
  const failing = withLock(path, {}, () => Promise.reject(new Error('inside')));
  await expect(failing).rejects.toThrow('inside');
  expect(existsSync(path)).toBe(false);
});

test('waiting for a lock ends when it is aborted', async () => {
  writeFileSync(path, JSON.stringify({ ...identify(process.pid), token: 'alive' }));
  const aborter = new AbortController();
  const action = jest.fn(async () => undefined);
  const waiting = withLock(path, { signal: aborter.signal, onWait: () => aborter.abort() }, action);
  await expect(waiting).rejects.toThrow(/abort/i);
  expect(action).not.toHaveBeenCalled();
});
