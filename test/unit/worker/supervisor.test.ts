import {
  superviseWorkers,
  type ExitStatus,
  type SupervisorDeps,
  type WorkerProcess,
} from '../../../src/worker/supervisor';

const KILLED: ExitStatus = { code: null, signal: 'SIGKILL' };

/** A worker process that starts and exits when the test says so. */
class FakeProcess implements WorkerProcess {
  readonly identity: string;
  readonly pid = undefined;
  readonly started: Promise<void>;
  readonly exited: Promise<ExitStatus>;
  readonly signals: NodeJS.Signals[] = [];
  start!: () => void;
  exit!: (status: ExitStatus) => void;

  constructor(identity: string) {
    this.identity = identity;
    this.started = new Promise((resolve) => (this.start = resolve));
    this.exited = new Promise((resolve) => (this.exit = resolve));
  }

  signal(name: NodeJS.Signals): void {
    this.signals.push(name);
  }
}

/** A supervisor on fake processes. Pauses end at once; time passes only where a test says so. */
class Supervision {
  readonly processes: FakeProcess[] = [];
  readonly recovered: string[] = [];
  readonly restarts: number[] = [];
  readonly lines: string[] = [];
  readonly states: string[] = [];
  readonly stopping = new AbortController();
  failRecovery = false;
  onPause: () => void = () => undefined;
  nowMs = 0;
  readonly exit: Promise<number>;

  constructor(count: number) {
    const record = (facts: object, message: string): void => {
      this.lines.push(message);
      if ('restartInMs' in facts) this.restarts.push(facts.restartInMs as number);
    };
    const deps: SupervisorDeps = {
      start: () => {
        const started = new FakeProcess(`w${this.processes.length}`);
        this.processes.push(started);
        return started;
      },
      onState: (index, state) => this.states.push(`${index} ${state}`),
      recoverWork: (identity) => {
        this.recovered.push(identity);
        return this.failRecovery ? Promise.reject(new Error('no server')) : Promise.resolve(1);
      },
      pause: () => Promise.resolve(this.onPause()),
      nowMs: () => this.nowMs,
      log: { info: record, warn: record, error: record },
    };
    this.exit = superviseWorkers(deps, count, this.stopping.signal);
  }

  async start(index: number): Promise<void> {
    this.processes[index]!.start();
    await settled();
  }

  async end(index: number, status: ExitStatus, afterMs = 0): Promise<void> {
    this.nowMs += afterMs;
    this.processes[index]!.exit(status);
    await settled();
  }

  async stop(): Promise<number> {
    this.stopping.abort();
    for (const { exit } of this.processes) exit({ code: 0, signal: null });
    return this.exit;
  }
}

/** Resolves once every pending promise callback has run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('the second worker process starts once the first one polls', async () => {
  const supervision = new Supervision(2);
  await settled();
  expect(supervision.processes).toHaveLength(1);
  await supervision.start(0);
  expect(supervision.processes).toHaveLength(2);
  expect(supervision.lines).not.toContain('worker processes started');
  await supervision.start(1);
  expect(supervision.lines).toContain('worker processes started');
  expect(await supervision.stop()).toBe(0);
});

test('a first worker process that cannot start ends the supervisor with its exit code', async () => {
  const supervision = new Supervision(2);
  await supervision.end(0, { code: 3, signal: null });
  expect(await supervision.exit).toBe(3);
  expect(supervision.processes).toHaveLength(1);
  expect(supervision.recovered).toEqual([]);
});

test('the work of a process that dies is recovered at once and twice more, and the process is replaced without a pause', async () => {
  const supervision = new Supervision(2);
  await supervision.start(0);
  await supervision.start(1);
  await supervision.end(0, KILLED, 60_000);
  expect(supervision.recovered).toEqual(['w0', 'w0', 'w0']);
  expect(supervision.restarts).toEqual([0]);
  expect(supervision.processes.map(({ identity }) => identity)).toEqual(['w0', 'w1', 'w2']);
  expect(await supervision.stop()).toBe(0);
});

test('a process that dies is replaced although its work could not be recovered', async () => {
  const supervision = new Supervision(1);
  supervision.failRecovery = true;
  await supervision.start(0);
  await supervision.end(0, KILLED, 60_000);
  expect(supervision.processes).toHaveLength(2);
  expect(supervision.lines).toContain(
    'could not recover activities; Temporal retries them after their heartbeat timeout',
  );
  expect(await supervision.stop()).toBe(0);
});

test('a process that drains by itself is replaced, and there is nothing to recover', async () => {
  const supervision = new Supervision(1);
  await supervision.start(0);
  await supervision.end(0, { code: 0, signal: null }, 60_000);
  expect(supervision.processes).toHaveLength(2);
  expect(supervision.recovered).toEqual([]);
  expect(await supervision.stop()).toBe(0);
});

test('the pauses before replacements grow while they do not last, and start over after one that lasts', async () => {
  const supervision = new Supervision(1);
  await supervision.start(0);
  for (let index = 0; index < 9; index++) await supervision.end(index, { code: 1, signal: null });
  expect(supervision.restarts).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  await supervision.start(9);
  await supervision.end(9, KILLED, 5_000);
  await supervision.end(10, KILLED);
  expect(supervision.restarts.slice(9)).toEqual([0, 500]);
  expect(await supervision.stop()).toBe(0);
});

test('a process that took long to start and did not last is replaced after a pause', async () => {
  const supervision = new Supervision(1);
  await supervision.start(0);
  await supervision.end(0, KILLED, 60_000);
  await supervision.end(1, { code: 1, signal: null }, 60_000);
  expect(supervision.restarts).toEqual([0, 500]);
  expect(await supervision.stop()).toBe(0);
});

test('while the supervisor stops nothing is replaced, and the work of a process that is killed while it drains is recovered', async () => {
  const supervision = new Supervision(2);
  await supervision.start(0);
  await supervision.start(1);
  supervision.stopping.abort();
  await supervision.end(0, { code: 0, signal: null }, 60_000);
  await supervision.end(1, KILLED);
  expect(await supervision.exit).toBe(1);
  expect(supervision.processes).toHaveLength(2);
  expect(supervision.recovered).toEqual(['w1']);
});

test('a supervisor that is stopped during a pause starts nothing any more', async () => {
  const supervision = new Supervision(1);
  await supervision.start(0);
  supervision.onPause = () => supervision.stopping.abort();
  await supervision.end(0, { code: 0, signal: null });
  expect(await supervision.exit).toBe(0);
  expect(supervision.processes).toHaveLength(1);
});

test('a replacement that is stopped while it starts is not an error', async () => {
  const supervision = new Supervision(1);
  await supervision.start(0);
  await supervision.end(0, KILLED, 60_000);
  supervision.stopping.abort();
  await supervision.end(1, { code: null, signal: 'SIGINT' });
  expect(await supervision.exit).toBe(0);
});

test('a first process that is stopped while it starts is not an error', async () => {
  const supervision = new Supervision(2);
  supervision.stopping.abort();
  await supervision.end(0, { code: null, signal: 'SIGTERM' });
  expect(await supervision.exit).toBe(0);
});

test('a process that dies is dead until its replacement polls', async () => {
  const supervision = new Supervision(2);
  await supervision.start(0);
  await supervision.start(1);
  expect(supervision.states).toEqual(['0 starting', '1 starting', '0 running', '1 running']);
  await supervision.end(1, KILLED, 60_000);
  expect(supervision.states.slice(4)).toEqual(['1 dead']);
  await supervision.start(2);
  expect(supervision.states.slice(4)).toEqual(['1 dead', '1 running']);
  await supervision.stop();
});

test('a replacement that ends before it has polled for some time never counts as running', async () => {
  const supervision = new Supervision(1);
  await supervision.start(0);
  await supervision.end(0, KILLED);
  supervision.onPause = () => supervision.processes[1]!.exit(KILLED);
  await supervision.start(1);
  expect(supervision.states).toEqual(['0 starting', '0 running', '0 dead', '0 dead']);
  supervision.onPause = () => undefined;
  await supervision.stop();
});
