import {
  superviseWorkers,
  type Ending,
  type SupervisorDeps,
  type WorkerProcess,
} from '../../../src/worker/supervisor';

const KILLED: Ending = { code: null, signal: 'SIGKILL' };

/** A worker process that starts and ends when it is told to. */
class FakeProcess implements WorkerProcess {
  readonly identity: string;
  readonly pid = undefined;
  readonly started: Promise<void>;
  readonly ended: Promise<Ending>;
  readonly signals: NodeJS.Signals[] = [];
  start!: () => void;
  end!: (ending: Ending) => void;

  constructor(identity: string) {
    this.identity = identity;
    this.started = new Promise((resolve) => (this.start = resolve));
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  signal(name: NodeJS.Signals): void {
    this.signals.push(name);
  }
}

/** Time passes only in pauses of hand-overs and of restarts, which are noted and over at once. */
class Bench {
  readonly processes: FakeProcess[] = [];
  readonly handedOver: string[] = [];
  readonly restarts: number[] = [];
  readonly lines: string[] = [];
  readonly stopping = new AbortController();
  failHandOver = false;
  onPause: () => void = () => undefined;
  nowMs = 0;
  readonly exit: Promise<number>;

  constructor(count: number) {
    const note = (facts: object, message: string): void => {
      this.lines.push(message);
      if ('restartInMs' in facts) this.restarts.push(facts.restartInMs as number);
    };
    const deps: SupervisorDeps = {
      start: () => {
        const started = new FakeProcess(`w${this.processes.length}`);
        this.processes.push(started);
        return started;
      },
      handOver: (identity) => {
        this.handedOver.push(identity);
        return this.failHandOver ? Promise.reject(new Error('no server')) : Promise.resolve(1);
      },
      pause: () => Promise.resolve(this.onPause()),
      nowMs: () => this.nowMs,
      log: { info: note, warn: note, error: note },
    };
    this.exit = superviseWorkers(deps, count, this.stopping.signal);
  }

  async start(place: number): Promise<void> {
    this.processes[place]!.start();
    await settled();
  }

  async end(place: number, ending: Ending, afterMs = 0): Promise<void> {
    this.nowMs += afterMs;
    this.processes[place]!.end(ending);
    await settled();
  }

  async stop(): Promise<number> {
    this.stopping.abort();
    for (const { end } of this.processes) end({ code: 0, signal: null });
    return this.exit;
  }
}

/** Everything that waits for nothing but promises has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('the second process starts when the first one polls', async () => {
  const bench = new Bench(2);
  await settled();
  expect(bench.processes).toHaveLength(1);
  await bench.start(0);
  expect(bench.processes).toHaveLength(2);
  expect(bench.lines).not.toContain('worker processes started');
  await bench.start(1);
  expect(bench.lines).toContain('worker processes started');
  expect(await bench.stop()).toBe(0);
});

test('a first process that cannot start ends the supervisor with its exit code', async () => {
  const bench = new Bench(2);
  await bench.end(0, { code: 3, signal: null });
  expect(await bench.exit).toBe(3);
  expect(bench.processes).toHaveLength(1);
  expect(bench.handedOver).toEqual([]);
});

test('a process that dies is handed over, at once and twice more, and is replaced without a pause', async () => {
  const bench = new Bench(2);
  await bench.start(0);
  await bench.start(1);
  await bench.end(0, KILLED, 60_000);
  expect(bench.handedOver).toEqual(['w0', 'w0', 'w0']);
  expect(bench.restarts).toEqual([0]);
  expect(bench.processes.map(({ identity }) => identity)).toEqual(['w0', 'w1', 'w2']);
  expect(await bench.stop()).toBe(0);
});

test('a process that dies is replaced although nothing could be handed over', async () => {
  const bench = new Bench(1);
  bench.failHandOver = true;
  await bench.start(0);
  await bench.end(0, KILLED, 60_000);
  expect(bench.processes).toHaveLength(2);
  expect(bench.lines).toContain('could not hand over; the heartbeat timeout will');
  expect(await bench.stop()).toBe(0);
});

test('a process that drains by itself is replaced, and there is nothing to hand over', async () => {
  const bench = new Bench(1);
  await bench.start(0);
  await bench.end(0, { code: 0, signal: null }, 60_000);
  expect(bench.processes).toHaveLength(2);
  expect(bench.handedOver).toEqual([]);
  expect(await bench.stop()).toBe(0);
});

test('processes that do not last come back ever more slowly, and one that lasts begins anew', async () => {
  const bench = new Bench(1);
  await bench.start(0);
  for (let place = 0; place < 9; place++) await bench.end(place, { code: 1, signal: null });
  expect(bench.restarts).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  await bench.start(9);
  await bench.end(9, KILLED, 5_000);
  await bench.end(10, KILLED);
  expect(bench.restarts.slice(9)).toEqual([0, 500]);
  expect(await bench.stop()).toBe(0);
});

test('a process that took long to start and did not last comes back after a pause', async () => {
  const bench = new Bench(1);
  await bench.start(0);
  await bench.end(0, KILLED, 60_000);
  await bench.end(1, { code: 1, signal: null }, 60_000);
  expect(bench.restarts).toEqual([0, 500]);
  expect(await bench.stop()).toBe(0);
});

test('once it is to stop nothing is replaced, and a process that is killed while it drains is handed over', async () => {
  const bench = new Bench(2);
  await bench.start(0);
  await bench.start(1);
  bench.stopping.abort();
  await bench.end(0, { code: 0, signal: null }, 60_000);
  await bench.end(1, KILLED);
  expect(await bench.exit).toBe(1);
  expect(bench.processes).toHaveLength(2);
  expect(bench.handedOver).toEqual(['w1']);
});

test('nothing is started any more when it is to stop during a pause', async () => {
  const bench = new Bench(1);
  await bench.start(0);
  bench.onPause = () => bench.stopping.abort();
  await bench.end(0, { code: 0, signal: null });
  expect(await bench.exit).toBe(0);
  expect(bench.processes).toHaveLength(1);
});

test('a replacement that is stopped while it starts is no error', async () => {
  const bench = new Bench(1);
  await bench.start(0);
  await bench.end(0, KILLED, 60_000);
  bench.stopping.abort();
  await bench.end(1, { code: null, signal: 'SIGINT' });
  expect(await bench.exit).toBe(0);
});

test('a first process that is stopped while it starts is no error', async () => {
  const bench = new Bench(2);
  bench.stopping.abort();
  await bench.end(0, { code: null, signal: 'SIGTERM' });
  expect(await bench.exit).toBe(0);
});
