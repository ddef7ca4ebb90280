import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Stops what this process started when this process ends, however it ends, SIGKILL included. */
export interface Watchdog {
  /** From now on the process group led by `pid` dies with this process. */
  guard(pid: number): void;
  /** Lets everything outlive this process, and ends the watchdog. */
  release(): Promise<void>;
}

/** A separate process, outside our process group, so that a Ctrl-C in the terminal does not reach it. */
export function startWatchdog(): Watchdog {
  const child = spawn(process.execPath, [join(__dirname, 'watchdogProcess.cjs')], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
  });
  const exited = once(child, 'exit');
  const { stdin } = child;
  // a dead watchdog must not take the stack with it: the stack is still stopped in the normal way
  stdin.on('error', () => undefined);
  child.on('error', () => undefined);
  exited.catch(() => undefined);
  child.unref();
  (stdin as typeof stdin & { unref?: () => void }).unref?.();
  return {
    guard(pid) {
      stdin.write(`guard ${pid}\n`);
    },
    async release() {
      if (child.exitCode !== null || child.pid === undefined) return;
      child.ref();
      stdin.end('release\n');
      await exited.catch(() => undefined);
    },
  };
}
