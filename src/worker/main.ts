import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { connectTemporal } from '../temporal/connection';
import { recoverFromDeadWorkers } from '../temporal/deadWorkerRecovery';
import { readLogLevel, readTemporalConfig, readWorkerConfig } from '../config';
import { createLog } from '../log';
import { runProcess } from '../runProcess';
import { pauseUnless, superviseWorkers, type WorkerProcess } from './supervisor';
import { startWorkerProcess } from './childProcess';

const SCRIPT = join(__dirname, 'process.js');

/**
 * Runs worker processes until SIGTERM or SIGINT, which drains them; a second signal is passed on and ends them.
 * Returns the exit code: that of a worker that cannot start, which says why on stderr, or 0. CONFIG_INVALID, TEMPORAL_*.
 */
export async function runWorkers(options: { readonly processes?: number } = {}): Promise<number> {
  const log = createLog('supervisor', readLogLevel());
  const { activitiesAtOnce, identity, processes: configured } = readWorkerConfig();
  const processes = options.processes ?? configured;
  const temporal = readTemporalConfig();
  const { connection, client } = await connectTemporal(temporal);
  const takeFrom = (isGone: (worker: string) => boolean) =>
    recoverFromDeadWorkers(client, temporal.taskQueue, isGone);

  const running = new Set<WorkerProcess>();
  const stopping = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    stopping.abort();
    for (const child of running) child.signal(signal);
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);

  const name = identity ?? `${hostname()}/${process.pid}`;
  const env = { WORKER_ACTIVITIES: String(Math.ceil(activitiesAtOnce / processes)) };
  const start = (): WorkerProcess => {
    const child = startWorkerProcess(SCRIPT, `${name}/${randomBytes(4).toString('hex')}`, env);
    running.add(child);
    void child.ended.then(() => running.delete(child));
    return child;
  };
  try {
    // Whoever had this name before is gone, and so is everything that it started.
    if (identity !== undefined) await takeFrom((worker) => worker.startsWith(`${identity}/`));
    log.info({ processes, identity: name }, 'starting worker processes');
    const deps = {
      start,
      handOver: (worker: string) => takeFrom((seen) => seen === worker),
      pause: pauseUnless,
      nowMs: () => performance.now(),
      log,
    };
    return await superviseWorkers(deps, processes, stopping.signal);
  } finally {
    process.off('SIGTERM', stop).off('SIGINT', stop);
    await connection.close();
  }
}

if (require.main === module) runProcess(runWorkers);
