import { adjustableClock } from './adjustableClock';
import { AsyncLocalStorage } from 'node:async_hooks';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../../activities/createActivities';
import type { SealingDeps } from '../../src/sealing/deps';
import { connectTemporal } from '../../src/temporal/connection';
import { readTemporalConfig } from '../../src/config';
import { compose } from '../../src/worker/compose';
import { runProcess } from '../../src/runProcess';
import { readDeploymentConfig } from '../harness/deployment';
import type { PlantedBug } from '../simulation/plantedBug';
import type { DepsConfig } from '../../src/worker/compose';
import { CHAOS_BUGS } from './chaosBugs';

/** The worker of a chaos run: composed as `src/worker/process.ts` does, but it waits at every injection point. */

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

const DAY_MS = 86_400_000;

const current = new AsyncLocalStorage<string>();
const waiting = new Map<number, () => void>();
let points = 0;

/** Reports an injection point and resumes when it is told to; the parent may inject anything meanwhile. */
async function waitAt(activity: string, side: string, call?: string): Promise<void> {
  const id = ++points;
  await new Promise<void>((resolve) => {
    waiting.set(id, resolve);
    process.send?.({ point: { id, activity, side, call } });
  });
}

function listen(): void {
  process.on('message', ({ resume, clockMs }: { resume?: number; clockMs?: number }) => {
    if (clockMs !== undefined) adjustableClock.offsetMs = clockMs;
    if (resume === undefined) return;
    waiting.get(resume)?.();
    waiting.delete(resume);
  });
  process.on('disconnect', () => process.exit(1));
}

/** Every call of a port waits first. */
function waitAtCalls<T extends object>(port: string, real: T): T {
  return new Proxy(real, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== 'function' || typeof name !== 'string') return member;
      const call = member.bind(target) as (...args: unknown[]) => unknown;
      // Async iterables: a promise of one could not be iterated.
      if (name.startsWith('scan') || name === 'listVersions') return call;
      return async (...args: unknown[]) => {
        const activity = current.getStore();
        if (activity !== undefined) await waitAt(activity, 'call', `${port}.${name}`);
        return call(...args);
      };
    },
  });
}

function waitAround(activities: Record<string, Work>): Record<string, Work> {
  const wrapped = Object.entries(activities).map(([name, work]) => {
    const waitingWork: Work = (input) =>
      current.run(name, async () => {
        await waitAt(name, 'before');
        const output = await work(input);
        await waitAt(name, 'after');
        return output;
      });
    return [name, waitingWork] as const;
  });
  return Object.fromEntries(wrapped);
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
  const { client } = await connectTemporal({ address, namespace });
  const bug = CHAOS_BUGS[process.env['CHAOS_BUG'] ?? ''];
  const { deps: connected } = await compose(withoutDeadline(readDeploymentConfig(), bug), client);
  const ports = PORTS.map((port) => [port, waitAtCalls(port, connected[port])] as const);
  const waitingDeps: SealingDeps = { ...connected, ...Object.fromEntries(ports) };
  const deps = bug?.deps?.(waitingDeps) ?? waitingDeps;
  const real = createActivities(deps);
  const activities = { ...real, ...bug?.activities?.(real) } as unknown as Record<string, Work>;
  const worker = await Worker.create({
    connection: await NativeConnection.connect({ address }),
    namespace,
    taskQueue,
    workflowBundle: { codePath: process.env['CHAOS_BUNDLE']! },
    activities: waitAround(activities),
    maxConcurrentActivityTaskExecutions: 6,
    maxHeartbeatThrottleInterval: '1s',
    stickyQueueScheduleToStartTimeout: '2s',
    shutdownGraceTime: '5s',
    shutdownForceTime: '8s',
  });
  process.send?.({ ready: true });
  await worker.run();
}

/** A planted bug in calls of storage takes the deadlines of its adapter away. */
function withoutDeadline(config: DepsConfig, bug: PlantedBug | undefined): DepsConfig {
  const sites = bug?.withoutDeadline ?? [];
  if (!sites.some((site) => site.startsWith('store.'))) return config;
  const deadlines = { connectMs: DAY_MS, idleMs: DAY_MS, requestMs: DAY_MS };
  return { ...config, storage: { ...config.storage, deadlines } };
}

/** JSON omits the members of an error. */
function spellErrors(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Error ? { message: value.message, stack: value.stack } : value;
}

runProcess(runChaosWorker);
