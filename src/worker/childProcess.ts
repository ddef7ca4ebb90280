import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { ExitStatus, WorkerProcess } from './supervisor';
import { isWorkerMessage, tellSupervisor, type WorkerMessage } from './workerMessages';

export interface WorkerStart {
  readonly script: string;
  readonly identity: string;
  readonly env: Readonly<Record<string, string>>;
  /** `host:port` on which the process serves the metrics of Temporal's SDK; undefined: it serves none. */
  readonly sdkMetrics: string | undefined;
  readonly onMessage: (message: WorkerMessage) => void;
}

/**
 * Starts `script` as a worker process with this identity. It gets its own process group, so that a Ctrl-C in the terminal
 * reaches it only through `signal`. When this process ends, the IPC channel closes and the worker drains.
 */
export function startWorkerProcess(start: WorkerStart): WorkerProcess {
  const { script, identity, env, sdkMetrics, onMessage } = start;
  const child = fork(script, sdkMetrics === undefined ? [] : [sdkMetrics], {
    env: { ...process.env, ...env, WORKER_IDENTITY: identity },
    detached: true,
  });
  const started = new Promise<void>((resolve) => {
    child.on('message', (message) => {
      if (!isWorkerMessage(message)) return;
      if (message.type === 'started') resolve();
      onMessage(message);
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
    tellSupervisor({ type: 'started' });
  } else drain();
}

/** Longer than a drain takes. Without its server a worker would wait for ever, and no supervisor is left to end it. */
const DRAIN_TIMEOUT_MS = 60_000;

function drain(): void {
  setTimeout(() => process.exit(1), DRAIN_TIMEOUT_MS).unref();
  process.kill(process.pid, 'SIGTERM');
}
