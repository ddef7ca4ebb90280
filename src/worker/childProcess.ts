import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Ending, WorkerProcess } from './supervisor';

/** What a worker tells its supervisor when it polls for work. */
const STARTED = 'worker started';

/**
 * Starts `script` as a worker process with this identity. It is in a process group of its own, so that a Ctrl-C in the
 * terminal reaches it only through `signal`; when this process ends, however, the channel closes and it drains.
 */
export function startWorkerProcess(
  script: string,
  identity: string,
  env: Readonly<Record<string, string>>,
): WorkerProcess {
  const child = fork(script, [], {
    env: { ...process.env, ...env, WORKER_IDENTITY: identity },
    detached: true,
  });
  const started = new Promise<void>((resolve) => {
    child.on('message', (message) => {
      if (message === STARTED) resolve();
    });
  });
  const ended = once(child, 'exit').then(
    ([code, signal]: unknown[]): Ending => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }),
    (): Ending => ({ code: null, signal: null }),
  );
  return { identity, pid: child.pid, started, ended, signal: (name) => void child.kill(name) };
}

/** In the worker: tells the supervisor, if there is one, and drains when it is gone. */
export function reportStarted(): void {
  if (process.send === undefined) return;
  if (process.connected) {
    process.once('disconnect', drain);
    process.send(STARTED);
  } else drain();
}

/** Longer than a drain takes. Without its server a worker waits for ever, and here nobody is left to end it. */
const LAST_MS = 60_000;

function drain(): void {
  setTimeout(() => process.exit(1), LAST_MS).unref();
  process.kill(process.pid, 'SIGTERM');
}
