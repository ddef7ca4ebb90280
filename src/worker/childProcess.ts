import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { ExitStatus, WorkerProcess } from './supervisor';

/** The message by which a worker tells its supervisor that it polls for work. */
const STARTED = 'worker started';

/**
 * Starts `script` as a worker process with this identity. It gets its own process group, so that a Ctrl-C in the terminal
 * reaches it only through `signal`. When this process ends, the IPC channel closes and the worker drains.
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
  const exited = once(child, 'exit').then(
    ([code, signal]: unknown[]): ExitStatus => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }),
    (): ExitStatus => ({ code: null, signal: null }),
  );
  return { identity, pid: child.pid, started, exited, signal: (name) => void child.kill(name) };
}

/** In the worker: reports to the supervisor, if there is one, and drains when the supervisor is gone. */
export function reportStarted(): void {
  if (process.send === undefined) return;
  if (process.connected) {
    process.once('disconnect', drain);
    process.send(STARTED);
  } else drain();
}

/** Longer than a drain takes. Without its server a worker would wait for ever, and no supervisor is left to end it. */
const DRAIN_TIMEOUT_MS = 60_000;

function drain(): void {
  setTimeout(() => process.exit(1), DRAIN_TIMEOUT_MS).unref();
  process.kill(process.pid, 'SIGTERM');
}
