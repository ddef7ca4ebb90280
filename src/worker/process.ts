import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import {
  Worker,
  type WorkerDeploymentOptions,
  type WorkerOptions,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import type { PayloadCodec } from '@temporalio/common';
import { createActivities } from '../../activities/createActivities';
import type { WorkerConfig } from '../config';
import type { TemporalConfig } from '../config/temporal';
import { SnapshotError } from '../errors';
import { createLog } from '../log';
import { runProcess } from '../runProcess';
import { requireSearchAttributes } from '../temporal/searchAttributes';
import { connectWorker } from '../temporal/workerConnection';
import { openConfiguredTemporal } from '../temporalClient';
import { startTracing } from '../tracing/startTracing';
import { VERSION } from '../version';
import { reportStarted } from './childProcess';
import { compose } from './compose';
import { startPulse } from './pulse';
import { installRuntime } from './runtime';
import { readWorkerSettings } from './settings';
import { supervisorMetrics } from './workerMessages';

/**
 * V8 lets a heap grow to a multiple of its live objects before it collects. Records pass through by the million and live
 * for milliseconds, so this halves resident memory, at the cost of a few percent of the time.
 */
const HEAP_GROWTH = '--heap-growing-percent=40';

/** Bounds how old the last known progress of a killed process is. */
const HEARTBEAT_THROTTLE = '1s';

/** After this long any process may take, and replay, a workflow task of a process that died with the workflow in memory. */
const STICKY_TIMEOUT = '2s';

/** After SIGTERM running activities get this long to end before they are cancelled; Temporal retries them elsewhere. */
const GRACE = '20s';
const FORCE_AFTER = '40s';

/**
 * Runs one worker process until SIGTERM or SIGINT. Every server is checked before anything is written or polled: a wrong
 * address, credential, bucket or key ends the start with its code.
 */
export async function runWorker(): Promise<void> {
  setFlagsFromString(HEAP_GROWTH);
  const settings = readWorkerSettings();
  const { level, temporal: temporalConfig, worker: workerConfig, sealing } = settings;
  const log = createLog('worker', level);
  installRuntime(log, level, process.argv[2]);

  await using tracing = settings.traced ? await startTracing('audit-snapshot-worker', VERSION) : undefined;
  await using temporal = await openConfiguredTemporal(temporalConfig, tracing?.clientInterceptor);
  for (const warning of await requireSearchAttributes(temporal.connection, temporalConfig.namespace))
    log.warn(warning);
  await using composed = await compose(settings, temporal.client, log, supervisorMetrics);
  await using native = await connectWorker(temporalConfig);
  const worker = await Worker.create({
    ...workerOptions(temporalConfig, workerConfig, temporal.payloadCodec),
    ...tracing?.workerOptions,
    workflowBundle: findBundle(settings.traced),
    connection: native.connection,
    activities: createActivities(composed.deps, log),
  });

  const { taskQueue, identity } = worker.options;
  log.info({ taskQueue, origin: sealing.origin, identity }, 'worker started');
  const run = worker.run();
  reportStarted();
  startPulse(() => worker.getState() === 'RUNNING');
  await run;
}

function workerOptions(
  { namespace, taskQueue }: TemporalConfig,
  { activitiesAtOnce, identity, deployment }: WorkerConfig,
  payloadCodec: PayloadCodec | undefined,
): WorkerOptions {
  return {
    namespace,
    taskQueue,
    ...(payloadCodec === undefined ? {} : { dataConverter: { payloadCodecs: [payloadCodec] } }),
    ...(deployment === undefined ? {} : { workerDeploymentOptions: deploymentOptions(deployment) }),
    ...(identity === undefined ? {} : { identity }),
    maxConcurrentActivityTaskExecutions: activitiesAtOnce,
    maxConcurrentWorkflowTaskExecutions: 10,
    maxCachedWorkflows: 50,
    maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
    stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT,
    shutdownGraceTime: GRACE,
    shutdownForceTime: FORCE_AFTER,
  };
}

function deploymentOptions({
  name,
  buildId = VERSION,
  behavior,
}: NonNullable<WorkerConfig['deployment']>): WorkerDeploymentOptions {
  return {
    version: { deploymentName: name, buildId },
    useWorkerVersioning: true,
    defaultVersioningBehavior: behavior,
  };
}

/** The bundle that the build wrote next to the compiled sources; that with traces is a bundle of its own. */
function findBundle(traced: boolean): WorkflowBundleOption {
  const codePath = join(__dirname, '../..', traced ? 'workflow-bundle-traced.js' : 'workflow-bundle.js');
  if (existsSync(codePath)) return { codePath };
  throw new SnapshotError(
    'CONFIG_INVALID',
    `the workflow bundle is missing at ${codePath}; run npm run build`,
  );
}

if (require.main === module) runProcess(runWorker);
