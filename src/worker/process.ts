import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import {
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import type { Logger } from 'pino';
import { createActivities } from '../../activities/createActivities';
import type { SealingDeps } from '../sealing/deps';
import { connectTemporal } from '../temporal/connection';
import {
  type TemporalConfig,
  type WorkerConfig,
  readDatabaseConfig,
  readLogLevel,
  readReportingConfig,
  readSealingConfig,
  readStorageConfig,
  readTemporalConfig,
  readVaultConfig,
  readWorkerConfig,
} from '../config';
import { compose } from './compose';
import { SnapshotError } from '../errors';
import { createLog } from '../log';
import { runProcess } from '../runProcess';
import { reportStarted } from './childProcess';

/**
 * V8 lets a heap grow to a multiple of what lives in it before it collects. Records pass through by the million and live
 * for milliseconds, so this keeps resident memory near half of what it would be, for a few percent of the time.
 */
const HEAP_GROWTH = '--heap-growing-percent=40';

/** As far as a process got is known this exactly to the one that goes on after it was killed. */
const HEARTBEAT_THROTTLE = '1s';

/** A task for a workflow that a dead process had in memory goes to any other after this long, which replays it. */
const STICKY_PATIENCE = '2s';

/** On SIGTERM running activities get this long to end before they are cancelled; their retry goes on elsewhere. */
const DRAIN = '20s';

/**
 * Runs one worker process until SIGTERM or SIGINT. Every server is checked before anything is written or polled: a wrong
 * address, credential, bucket or key ends the start with its code.
 */
export async function runWorker(): Promise<void> {
  setFlagsFromString(HEAP_GROWTH);
  const level = readLogLevel();
  const log = createLog('worker', level);
  installRuntime(log, level);
  const temporal = readTemporalConfig();
  const workerConfig = readWorkerConfig();
  const config = {
    database: readDatabaseConfig(),
    storage: readStorageConfig(),
    vault: readVaultConfig(),
    sealing: readSealingConfig(),
    jobService: readReportingConfig(),
  };
  const { connection: clientConnection, client } = await connectTemporal(temporal);
  const { deps, close } = await compose(config, client);
  const connection = await NativeConnection.connect({ address: temporal.address });
  try {
    const worker = await createWorker(connection, temporal, workerConfig, deps);
    const { identity } = worker.options;
    log.info({ taskQueue: temporal.taskQueue, origin: config.sealing.origin, identity }, 'worker started');
    const run = worker.run();
    reportStarted();
    await run;
  } finally {
    await connection.close();
    await clientConnection.close();
    await close();
  }
}

function createWorker(
  connection: NativeConnection,
  { namespace, taskQueue }: TemporalConfig,
  { activitiesAtOnce, identity }: WorkerConfig,
  deps: SealingDeps,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: findBundle(),
    activities: createActivities(deps),
    ...(identity === undefined ? {} : { identity }),
    maxConcurrentActivityTaskExecutions: activitiesAtOnce,
    maxConcurrentWorkflowTaskExecutions: 10,
    maxCachedWorkflows: 50,
    maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
    stickyQueueScheduleToStartTimeout: STICKY_PATIENCE,
    shutdownGraceTime: DRAIN,
    shutdownForceTime: '40s',
  });
}

/** The bundle that the build made, next to the compiled sources. */
function findBundle(): WorkflowBundleOption {
  const codePath = join(__dirname, '../..', 'workflow-bundle.js');
  if (existsSync(codePath)) return { codePath };
  throw new SnapshotError(
    'CONFIG_INVALID',
    `the workflow bundle is missing at ${codePath}; run npm run build`,
  );
}

/** Must run before any connection is made: the runtime carries the logger of everything native. */
function installRuntime(log: Logger, level: string): void {
  Runtime.install({
    logger: new DefaultLogger('INFO', (entry) => {
      const write = entry.level === 'ERROR' ? log.error : entry.level === 'WARN' ? log.warn : log.info;
      write.call(log, entry.meta ?? {}, entry.message);
    }),
    telemetryOptions: {
      logging: { forward: {}, filter: { core: level === 'debug' ? 'INFO' : 'WARN', other: 'ERROR' } },
    },
  });
}

if (require.main === module) runProcess(runWorker);
