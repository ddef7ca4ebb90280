import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { startWatchdog, type Watchdog } from '../stack/watchdog';
import { SnapshotError } from '../../src/errors';

export interface Child {
  readonly process: ChildProcess;
  /** The first log line that matched; JSON as the process wrote it. */
  readonly ready: string;
  stop(): Promise<void>;
}

const START_MS = 60_000;
let watchdog: Watchdog | undefined;

/**
 * Starts one of our own processes and waits for the log line that says it is ready; all it prints goes to `logFile`.
 * It ends with this process, however that ends; a Ctrl-C in the terminal reaches it only through `stop`.
 * SERVER_START_FAILED with the last lines when it ends or stays silent.
 */
export async function startChild(
  script: string,
  env: Readonly<Record<string, string>>,
  readyText: string,
  logFile: string,
): Promise<Child> {
  const child = spawn(process.execPath, [script], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  watchdog ??= startWatchdog();
  if (child.pid !== undefined) watchdog.guard(child.pid);
  const log = createWriteStream(logFile, { mode: 0o600 });
  const tail: string[] = [];
  const ready = new Promise<string>((resolve, reject) => {
    const fail = (how: string) => {
      clearTimeout(timer);
      const message = `${script} ${how}; its last lines (all in ${logFile}):\n${tail.join('\n')}`;
      reject(new SnapshotError('SERVER_START_FAILED', message));
    };
    const timer = setTimeout(() => fail(`was not ready within ${START_MS / 1000} s`), START_MS);
    child.once('exit', (code) => fail(`ended with ${code}`));
    child.once('error', (error) => fail(error.message));
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        log.write(`${line}\n`);
        tail.push(line);
        if (tail.length > 10) tail.shift();
        if (!line.includes(readyText)) return;
        clearTimeout(timer);
        resolve(line);
      });
    }
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), 30_000);
    await exit;
    clearTimeout(kill);
  };
  try {
    return { process: child, ready: await ready, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
