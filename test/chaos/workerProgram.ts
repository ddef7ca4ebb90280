import { turnableClock } from './turnableClock';
import { AsyncLocalStorage } from 'node:async_hooks';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../../activities/createActivities';
import type { SealingDeps } from '../../src/sealing/deps';
import { connectTemporal } from '../../src/temporal/connection';
import {
  readDatabaseConfig,
  readReportingConfig,
  readSealingConfig,
  readStorageConfig,
  readTemporalConfig,
  readVaultConfig,
} from '../../src/config';
import { compose } from '../../src/worker/compose';
import { runProcess } from '../../src/runProcess';
import { PLANTED_BUGS } from '../simulation/plantedBugs';

/** The worker of a chaos run: the product's own parts, put together as `src/worker.ts` does, with a stop at every step. */

type Work = (input: unknown) => Promise<unknown>;

const PORTS = [
  'records',
  'store',
  'signer',
  'snapshots',
  'leases',
  'assets',
  'ledger',
  'jobs',
  'workflowStatus',
] as const satisfies readonly (keyof SealingDeps)[];

const current = new AsyncLocalStorage<string>();
const waiting = new Map<number, () => void>();
let steps = 0;

/** Reports a step and goes on when it is told to; whoever listens may do anything to this process meanwhile. */
async function step(activity: string, side: string, call?: string): Promise<void> {
  const id = ++steps;
  await new Promise<void>((resolve) => {
    waiting.set(id, resolve);
    process.send?.({ step: { id, activity, side, call } });
  });
}

function listen(): void {
  process.on('message', ({ goOn, clockMs }: { goOn?: number; clockMs?: number }) => {
    if (clockMs !== undefined) turnableClock.offsetMs = clockMs;
    if (goOn === undefined) return;
    waiting.get(goOn)?.();
    waiting.delete(goOn);
  });
  process.on('disconnect', () => process.exit(1));
}

/** Every call of a port stops first. */
function stopAtCalls<T extends object>(port: string, real: T): T {
  return new Proxy(real, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== 'function' || typeof name !== 'string') return member;
      const call = member.bind(target) as (...args: unknown[]) => unknown;
      if (name.startsWith('scan')) return call;
      return async (...args: unknown[]) => {
        const activity = current.getStore();
        if (activity !== undefined) await step(activity, 'call', `${port}.${name}`);
        return call(...args);
      };
    },
  });
}

function stopAround(activities: Record<string, Work>): Record<string, Work> {
  const stopping = Object.entries(activities).map(([name, work]) => {
    const stopped: Work = (input) =>
      current.run(name, async () => {
        await step(name, 'before');
        const output = await work(input);
        await step(name, 'after');
        return output;
      });
    return [name, stopped] as const;
  });
  return Object.fromEntries(stopping);
}

async function runChaosWorker(): Promise<void> {
  listen();
  Runtime.install({
    logger: new DefaultLogger('INFO', (entry) => {
      process.stderr.write(`${JSON.stringify({ ...entry, timestampNanos: undefined }, spellErrors)}\n`);
    }),
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } } },
  });
  const { address, namespace, taskQueue } = readTemporalConfig();
  const config = {
    database: readDatabaseConfig(),
    storage: readStorageConfig(),
    vault: readVaultConfig(),
    sealing: readSealingConfig(),
    jobService: readReportingConfig(),
  };
  const { client } = await connectTemporal({ address, namespace });
  const { deps: connected } = await compose(config, client);
  const ports = PORTS.map((port) => [port, stopAtCalls(port, connected[port])] as const);
  const stopping: SealingDeps = { ...connected, ...Object.fromEntries(ports) };
  const bug = PLANTED_BUGS[process.env['CHAOS_BUG'] ?? ''];
  const deps = bug?.deps?.(stopping) ?? stopping;
  const real = createActivities(deps);
  const activities = { ...real, ...bug?.activities?.(real) } as unknown as Record<string, Work>;
  const worker = await Worker.create({
    connection: await NativeConnection.connect({ address }),
    namespace,
    taskQueue,
    workflowBundle: { codePath: process.env['CHAOS_BUNDLE']! },
    activities: stopAround(activities),
    maxConcurrentActivityTaskExecutions: 6,
    maxHeartbeatThrottleInterval: '1s',
    stickyQueueScheduleToStartTimeout: '2s',
    shutdownGraceTime: '5s',
    shutdownForceTime: '8s',
  });
  process.send?.({ ready: true });
  await worker.run();
}

/** An error's own members are not listed by JSON. */
function spellErrors(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Error ? { message: value.message, stack: value.stack } : value;
}

runProcess(runChaosWorker);
