import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { startWatchdog, type Watchdog } from '../stack/watchdog';
import { SnapshotError } from '../../src/errors';

type Process = ChildProcessByStdio<null, Readable, Readable>;

export interface Child {
  readonly process: Process;
  /** The first log line that matched; JSON as the process wrote it. */
  readonly ready: string;
  stop(): Promise<void>;
}

const START_MS = 60_000;
const STOP_MS = 30_000;
const TAIL_LINES = 10;
let watchdog: Watchdog | undefined;

/**
 * Starts one of our own processes and waits for the log line that says it is ready; all it prints goes to `logFile`.
 * It ends with this process, however that ends; a Ctrl-C in the terminal reaches it only through `stop`.
 * SERVER_START_FAILED with the last lines when it ends first, or is not ready within a minute.
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
  try {
    return {
      process: child,
      ready: await waitForLine(child, script, readyText, logFile),
      stop: () => stop(child),
    };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

/** Copies the output to `logFile` for as long as the process runs; resolves with the first line that holds `readyText`. */
function waitForLine(child: Process, script: string, readyText: string, logFile: string): Promise<string> {
  const log = createWriteStream(logFile, { mode: 0o600 });
  const tail: string[] = [];
  return new Promise<string>((resolve, reject) => {
    const fail = (how: string) => {
      clearTimeout(timer);
      const message = `${script} ${how}; its last lines (all in ${logFile}):\n${tail.join('\n')}`;
      reject(new SnapshotError('SERVER_START_FAILED', message));
    };
    const timer = setTimeout(() => fail(`was not ready within ${START_MS / 1000} s`), START_MS);
    child.once('exit', (code) => fail(`ended with ${code}`));
    child.once('error', (error) => fail(error.message));
    const onLine = (line: string) => {
      log.write(`${line}\n`);
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      if (!line.includes(readyText)) return;
      clearTimeout(timer);
      resolve(line);
    };
    for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', onLine);
  });
}

/** SIGTERM, then SIGKILL after half a minute; resolves when the process is gone. */
async function stop(child: Process): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exit;
  clearTimeout(kill);
}
