import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from './processIdentity';
import { rotateLog } from './logTail';

const POLL_MS = 25;
const STOP_GRACE_MS = 15_000;

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Standard output and error are appended here. */
  readonly logPath: string;
}

export interface StartedProcess {
  readonly identity: ProcessIdentity;
  /** Settles when the process has ended: exit code, or the name of the signal. */
  readonly exited: Promise<number | NodeJS.Signals>;
  /** Lets this process end while the other one still runs. */
  unref(): void;
}

/** Starts a process as leader of its own group, so that it outlives us and its children end with it. Rejects when it cannot be executed. */
export async function startProcess(launch: Launch): Promise<StartedProcess> {
  rotateLog(launch.logPath);
  const log = openSync(launch.logPath, 'a', 0o600);
  try {
    const child = spawn(launch.command, [...launch.args], {
      cwd: launch.cwd,
      env: launch.env,
      detached: true,
      stdio: ['ignore', log, log],
    });
    const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
    exited.catch(() => undefined);
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    return { identity: identify(pid) ?? { pid, born: 'ended' }, exited, unref: () => child.unref() };
  } finally {
    closeSync(log);
  }
}

/** Signals the whole process group, only if it is still led by that very process; false when it is gone. */
function signalGroup(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(-identity.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Asks with SIGTERM, insists with SIGKILL after `graceMs`; resolves when the process is gone. */
export async function stopProcess(identity: ProcessIdentity, graceMs = STOP_GRACE_MS): Promise<void> {
  signalGroup(identity, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  while (isAlive(identity) && Date.now() < deadline) await delay(POLL_MS);
  await killProcess(identity, 'SIGKILL');
}

/** Sends `signal` and resolves when the process is gone. */
export async function killProcess(identity: ProcessIdentity, signal: NodeJS.Signals): Promise<void> {
  signalGroup(identity, signal);
  while (isAlive(identity)) await delay(POLL_MS);
}
