import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createLog } from '../log';
import { runProcess } from '../runProcess';
import { recoverFromDeadWorkers } from '../temporal/deadWorkerRecovery';
import { openConfiguredTemporal } from '../temporalClient';
import { startWorkerProcess } from './childProcess';
import { readWorkerSettings } from './settings';
import { superviseMetrics } from './superviseMetrics';
import { pauseUntilAborted, superviseWorkers, type ProcessState, type WorkerProcess } from './supervisor';
import type { WorkerMonitor } from './workerMonitor';

// This room is what `audit-snapshot worker` runs: a supervisor (this file and supervisor.ts) that keeps several worker
// processes alive, serves their health and metrics (superviseMetrics.ts, workerMonitor.ts) and measures the servers (probes/);
// and the worker process (process.ts), which composes the adapters of every vendor into the dependencies of
// the activities (compose.ts). A killed process loses only its own work, and the supervisor has another one take it up.

const SCRIPT = join(__dirname, 'process.js');

/**
 * Runs worker processes until SIGTERM or SIGINT, which drains them; a second signal is passed on and ends them.
 * Returns the exit code: that of a worker that cannot start, which reports why on stderr, or 0. CONFIG_INVALID, TEMPORAL_*.
 */
export async function runWorkers(options: { readonly processes?: number } = {}): Promise<number> {
  // All settings of the worker processes: the supervisor names everything that is missing, once and before it starts any.
  const settings = readWorkerSettings();
  const { level, worker: workerConfig, temporal: temporalConfig } = settings;
  const log = createLog('supervisor', level);
  const { activitiesAtOnce, identity, processes: configured } = workerConfig;
  const processes = options.processes ?? configured;

  await using temporal = await openConfiguredTemporal(temporalConfig);
  const recover = (isDead: (worker: string) => boolean) =>
    recoverFromDeadWorkers(temporal.client, temporalConfig.taskQueue, isDead);
  // No process of an earlier supervisor with this identity is left, so whatever they were running is recovered.
  if (identity !== undefined) await recover((worker) => worker.startsWith(`${identity}/`));

  const name = identity ?? `${hostname()}/${process.pid}`;
  const env = { WORKER_ACTIVITIES: String(Math.ceil(activitiesAtOnce / processes)) };
  await using monitoring = await superviseMetrics(settings, temporal.client, log, processes);
  const { monitor, begin } = monitoring;
  using children = stoppableProcesses(name, env, monitor);
  log.info({ processes, identity: name }, 'starting worker processes');
  const deps = {
    start: children.start,
    onState: (index: number, state: ProcessState) => {
      monitor.setState(index, state);
      if (state === 'running') begin();
    },
    recoverWork: (worker: string) => recover((seen) => seen === worker),
    pause: pauseUntilAborted,
    nowMs: () => performance.now(),
    log,
  };
  return await superviseWorkers(deps, processes, children.stopping);
}

/** Starts processes that get every SIGTERM and SIGINT of this one; `stopping` is aborted by the first. */
function stoppableProcesses(name: string, env: Readonly<Record<string, string>>, monitor: WorkerMonitor) {
  const running = new Set<WorkerProcess>();
  const stopping = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    monitor.drain();
    stopping.abort();
    for (const child of running) child.signal(signal);
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  return {
    stopping: stopping.signal,
    start: (index: number): WorkerProcess => {
      const child = startWorkerProcess({
        script: SCRIPT,
        identity: `${name}/${randomBytes(4).toString('hex')}`,
        env,
        sdkMetrics: monitor.sdkAddress(index),
        onMessage: (message) => monitor.receive(index, message),
      });
      running.add(child);
      void child.exited.then(() => running.delete(child));
      return child;
    },
    [Symbol.dispose]: () => void process.off('SIGTERM', stop).off('SIGINT', stop),
  };
}

if (require.main === module) runProcess(runWorkers);
