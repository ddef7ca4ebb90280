import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import type { Watchdog } from '../../dev/stack/watchdog';
import type { ActivityName } from '../harness/sealingActivities';
import type { Side } from './plan';

const PROGRAM = resolve(__dirname, 'workerProgram.ts');
const HOOK = resolve(__dirname, '../harness/runTypeScript.cjs');

/** A worker has reached an injection point. */
export interface PointReport {
  readonly id: number;
  readonly activity: ActivityName;
  readonly side: Side;
  /** `port.method`, for a point at a call. */
  readonly call?: string;
}

interface Message {
  readonly point?: PointReport;
  readonly ready?: true;
}

/** One worker as a process of its own, which waits at every injection point until it is told to resume. */
export class WorkerProcess {
  readonly exited: Promise<unknown>;
  readonly ready: Promise<void>;
  frozen = false;
  readonly #child: ChildProcess;

  constructor(
    env: Readonly<Record<string, string | undefined>>,
    log: string,
    watchdog: Watchdog,
    onPoint: (point: PointReport, worker: WorkerProcess) => Promise<void>,
  ) {
    const child = spawn(process.execPath, ['-r', HOOK, PROGRAM], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    this.#child = child;
    if (child.pid !== undefined) watchdog.guard(child.pid);
    const file = createWriteStream(log, { flags: 'a', mode: 0o600 });
    child.stdout?.pipe(file, { end: false });
    child.stderr?.pipe(file, { end: false });
    child.on('error', () => undefined);
    this.exited = once(child, 'exit');
    this.ready = new Promise((done) => {
      child.on('message', ({ ready, point }: Message) => {
        if (ready) done();
        if (point) void onPoint(point, this).finally(() => this.#send({ resume: point.id }));
      });
    });
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): boolean {
    if (signal === 'SIGSTOP') this.frozen = true;
    if (signal === 'SIGCONT') this.frozen = false;
    return this.alive && this.#child.kill(signal);
  }

  setClock(offsetMs: number): void {
    this.#send({ clockMs: offsetMs });
  }

  async stop(): Promise<void> {
    if (this.alive) this.#child.kill('SIGKILL');
    await this.exited;
  }

  #send(message: object): void {
    if (this.alive && this.#child.connected) this.#child.send(message, () => undefined);
  }
}
