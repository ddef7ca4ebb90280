import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createLog } from '../log';
import { runProcess } from '../runProcess';
import { recoverFromDeadWorkers } from '../temporal/deadWorkerRecovery';
import { openConfiguredTemporal } from '../temporalClient';
import { startWorkerProcess } from './childProcess';
import { readWorkerSettings } from './settings';
import { pauseUntilAborted, superviseWorkers, type WorkerProcess } from './supervisor';

// This room is what `audit-snapshot worker` runs: a supervisor (this file and supervisor.ts) that keeps several worker
// processes alive, and the worker process (process.ts), which composes the adapters of every vendor into the dependencies of
// the activities (compose.ts). A killed process loses only its own work, and the supervisor has another one take it up.

const SCRIPT = join(__dirname, 'process.js');

/**
 * Runs worker processes until SIGTERM or SIGINT, which drains them; a second signal is passed on and ends them.
 * Returns the exit code: that of a worker that cannot start, which reports why on stderr, or 0. CONFIG_INVALID, TEMPORAL_*.
 */
export async function runWorkers(options: { readonly processes?: number } = {}): Promise<number> {
  // All settings of the worker processes: the supervisor names everything that is missing, once and before it starts any.
  const { level, worker: workerConfig, temporal: temporalConfig } = readWorkerSettings();
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
  using children = stoppableProcesses(name, env);
  log.info({ processes, identity: name }, 'starting worker processes');
  const deps = {
    start: children.start,
    recoverWork: (worker: string) => recover((seen) => seen === worker),
    pause: pauseUntilAborted,
    nowMs: () => performance.now(),
    log,
  };
  return await superviseWorkers(deps, processes, children.stopping);
}

/** Starts processes that get every SIGTERM and SIGINT of this one; `stopping` is aborted by the first. */
function stoppableProcesses(name: string, env: Readonly<Record<string, string>>) {
  const running = new Set<WorkerProcess>();
  const stopping = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    stopping.abort();
    for (const child of running) child.signal(signal);
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  return {
    stopping: stopping.signal,
    start: (): WorkerProcess => {
      const child = startWorkerProcess(SCRIPT, `${name}/${randomBytes(4).toString('hex')}`, env);
      running.add(child);
      void child.exited.then(() => running.delete(child));
      return child;
    },
    [Symbol.dispose]: () => void process.off('SIGTERM', stop).off('SIGINT', stop),
  };
}

if (require.main === module) runProcess(runWorkers);
