import { WorkerMonitor } from '../../../src/worker/workerMonitor';
import type { NeededServer } from '../../../src/monitoring/serverHealth';
import { SnapshotError } from '../../../src/errors';
import { pauseUntilAborted } from '../../../src/worker/supervisor';

const NEVER = new AbortController().signal;

function makeMonitor() {
  const clock = { nowMs: 0 };
  const servers: NeededServer[] = [{ name: 'mongodb', check: () => Promise.resolve() }];
  const scraped: ReadonlyMap<number, string>[] = [];
  const monitor = new WorkerMonitor({
    nowMs: () => clock.nowMs,
    pause: (ms, signal = NEVER) => pauseUntilAborted(ms, signal),
    servers: () => servers,
    readSdkMetrics: (addresses) => {
      scraped.push(addresses);
      return Promise.resolve('temporal_worker_task_slots_used{worker_process="0"} 1\n');
    },
  });
  const get = async (path: string) => {
    const { status, text } = await monitor.pages()[path]!();
    return { status, body: path === '/metrics' ? {} : (JSON.parse(text) as object), text };
  };
  return { monitor, clock, servers, scraped, get };
}

const pulse = { polling: true, lagSeconds: 0.25 };

describe('the health of a supervisor', () => {
  test('it is ready when a worker process polls and every server answers', async () => {
    const { monitor, get, servers, clock } = makeMonitor();
    expect(await get('/readyz')).toMatchObject({ status: 503, body: { status: 'not ready', polling: 0 } });
    monitor.setState(0, 'running');
    monitor.receive(0, { type: 'pulse', pulse });
    expect(await get('/readyz')).toMatchObject({
      status: 200,
      body: {
        status: 'ok',
        polling: 1,
        eventLoopLagSeconds: 0.25,
        servers: [{ name: 'mongodb', status: 'ok' }],
      },
    });

    servers[0] = {
      name: 'mongodb',
      check: () => Promise.reject(new SnapshotError('DATABASE_UNREACHABLE', 'db.internal:27017 is away')),
    };
    clock.nowMs += 2_000;
    const { status, body, text } = await get('/readyz');
    expect({ status, body }).toMatchObject({
      status: 503,
      body: { servers: [{ name: 'mongodb', status: 'failed', code: 'DATABASE_UNREACHABLE' }] },
    });
    expect(text).not.toContain('db.internal');
  });

  test('it is not ready before it is connected, and while it drains', async () => {
    const { monitor, get, servers, clock } = makeMonitor();
    monitor.setState(0, 'running');
    monitor.receive(0, { type: 'pulse', pulse });
    const [server] = servers.splice(0);
    expect(await get('/readyz')).toMatchObject({ status: 503 });
    servers.push(server!);
    clock.nowMs += 2_000;
    expect(await get('/readyz')).toMatchObject({ status: 200 });
    monitor.drain();
    expect(await get('/readyz')).toMatchObject({ status: 503, body: { status: 'draining' } });
    expect(await get('/livez')).toMatchObject({ status: 200 });
  });

  test('it is alive until a running worker process is silent for a minute', async () => {
    const { monitor, get, clock } = makeMonitor();
    monitor.setState(0, 'running');
    monitor.setState(1, 'dead');
    clock.nowMs += 60_000;
    expect(await get('/livez')).toMatchObject({ status: 200 });
    clock.nowMs += 1;
    expect(await get('/livez')).toMatchObject({ status: 503, body: { status: 'blocked' } });
    monitor.receive(0, { type: 'pulse', pulse });
    expect(await get('/livez')).toMatchObject({ status: 200 });
  });
});

test('the metrics show the state of the processes, what they counted, and those of the SDK', async () => {
  const { monitor, get, scraped } = makeMonitor();
  monitor.setSdkAddress(0, '127.0.0.1:1000');
  monitor.setSdkAddress(1, '127.0.0.1:1001');
  monitor.setState(0, 'running');
  monitor.setState(1, 'dead');
  monitor.receive(0, { type: 'pulse', pulse });
  monitor.receive(0, { type: 'metric', event: { kind: 'snapshot', recordCount: 5, lateCount: 0 } });
  const { text } = await get('/metrics');
  for (const line of [
    'audit_snapshot_workers{state="running"} 1',
    'audit_snapshot_workers{state="dead"} 1',
    'audit_snapshot_workers{state="starting"} 0',
    'audit_snapshot_event_loop_lag_seconds 0.25',
    'audit_snapshot_records_sealed_total 5',
    'temporal_worker_task_slots_used{worker_process="0"} 1',
  ])
    expect(text).toContain(`${line}\n`);
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  // A process that does not run is not asked.
  expect(scraped).toEqual([new Map([[0, '127.0.0.1:1000']])]);
});
