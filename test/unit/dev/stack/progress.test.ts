import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgressLines } from '../../../../dev/stack/progress';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('every phase is one line, and only a server that is still busy is reported again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'progress-'));
  const logPath = join(folder, 'log');
  writeFileSync(logPath, 'Compiling serde\n\u001B[1mCompiling\u001B[0m tokio\n\n');
  const lines: string[] = [];
  const progress = startProgressLines({ write: (line) => lines.push(line), heartbeatMs: 10_000 });
  progress.report({ server: 'vault', phase: 'ready', elapsedMs: 1_234, detail: 'http://127.0.0.1:1' });
  progress.report({ server: 'mongo', phase: 'installing', elapsedMs: 0, logPath });
  expect(lines).toEqual([
    '   1.2 s  vault     ready         http://127.0.0.1:1',
    '   0.0 s  mongo     installing',
  ]);
  jest.advanceTimersByTime(10_000);
  expect(lines.slice(2)).toEqual(['  10.0 s  mongo     installing    Compiling tokio']);
  progress.report({ server: 'mongo', phase: 'ready', elapsedMs: 12_000 });
  jest.advanceTimersByTime(20_000);
  expect(lines).toHaveLength(4);
  progress.end();
  expect(jest.getTimerCount()).toBe(0);
  rmSync(folder, { recursive: true });
});
