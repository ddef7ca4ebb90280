import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { mongo } from 'mongoose';
import { AuditSnapshotClient } from '../client';
import { workflowIdOf } from '../contract/names';
import {
  readDatabaseConfig,
  readJobServiceConfig,
  readLogConfig,
  readLogLevel,
  readTemporalConfig,
  type JobServiceConfig,
} from '../config';
import { readTogether } from '../config/problems';
import { readTracingEnabled } from '../config/tracing';
import { SnapshotError, messageOf } from '../errors';
import { createLog } from '../log';
import { connectDatabase, type DatabaseConnection } from '../mongo/connection';
import { MongoIdempotencyKeys } from '../mongo/idempotencyKeys';
import { requireIndexes } from '../mongo/indexes';
import { MongoJobStore } from '../mongo/jobStore';
import { pingDatabase } from '../mongo/ping';
import { MongoSnapshotRepository } from '../mongo/snapshotRepository';
import { runProcess } from '../runProcess';
import { pingTemporal } from '../temporal/ping';
import { AuditService } from '../services/audit.service';
import { jobAudit } from '../services/jobAudit';
import { openRunId, temporalWorkflowStatus } from '../temporal/workflowStatusReader';
import { openConfiguredTemporal } from '../temporalClient';
import { startTracing } from '../tracing/startTracing';
import { VERSION } from '../version';
import { createJobService, type AppDeps, type JobService } from './app';
import { chainAuthenticators, type Authenticator } from './auth/caller';
import { jwtAuthenticator } from './auth/jwtAuthenticator';
import { staticKeys } from './auth/staticKeys';
import { reloadSettings } from './reload';
import { replaceCertificates } from './tls';
import { serveServiceMetrics, serviceRegistry } from './metricsEndpoint';
import type { NeededServer } from '../monitoring/serverHealth';

/** When the event loop is this late no response is in time. */
const MAX_EVENT_LOOP_DELAY_MS = 1_000;
/** Requests that are still in progress this long after the listener closed are cut off. */
const LAST_RESPONSES_MS = 20_000;

/** Runs the job service until SIGTERM or SIGINT; then it turns unready, and requests in progress are answered first. */
export async function runServer(): Promise<void> {
  const { config, level, temporalConfig, databaseConfig, traced, logConfig } = readTogether({
    config: () => readJobServiceConfig(),
    level: () => readLogLevel(),
    temporalConfig: () => readTemporalConfig(),
    databaseConfig: () => readDatabaseConfig(),
    traced: () => readTracingEnabled(),
    logConfig: () => readLogConfig(),
  });
  const authenticator = replaceableAuthenticator(config.authentication);
  const log = createLog('job-service', level);

  await using tracing = traced ? await startTracing('audit-snapshot-job-service', VERSION) : undefined;
  await using temporal = await openConfiguredTemporal(temporalConfig, tracing?.clientInterceptor);
  await using database = await connectDatabase(databaseConfig.uri);
  await requireIndexes(database, 'jobService');

  const { client, payloadCodec } = temporal;
  const monitoring = serviceRegistry();
  const deps: AppDeps = {
    jobs: new MongoJobStore(database),
    snapshotRows: new MongoSnapshotRepository(database),
    keys: new MongoIdempotencyKeys(database, config.idempotencyHours),
    snapshots: snapshotRuns(client, temporalConfig.taskQueue),
    workflowStatus: temporalWorkflowStatus(client),
    servers: neededServers(database, client),
    authenticate: authenticator?.authenticate,
    audit: config.auditEntries ? jobAudit(new AuditService(database, logConfig)) : undefined,
    visibility: config.visibility,
    tls: config.tls,
    traced,
    payloads: payloadCodec && {
      codec: payloadCodec,
      origin: originOf(config.codecOrigin ?? temporalConfig.uiUrl),
    },
    limits: { ...config.limits, maxEventLoopDelayMs: MAX_EVENT_LOOP_DELAY_MS },
    metrics: monitoring.metrics,
    version: VERSION,
    newJobId: () => new mongo.ObjectId().toHexString(),
    nowMs: () => Date.now(),
    pause,
  };
  const service = createJobService(deps, log);
  if (!authenticator)
    log.warn('JOB_SERVICE_INSECURE_NO_AUTH: any process on this machine may submit, cancel and report jobs');
  const { metrics: address } = config;
  await using endpoint =
    address && (await serveServiceMetrics(monitoring, address, client, temporalConfig.taskQueue, log));
  const url = await listen(service, config);
  log.info({ url, metrics: endpoint?.url }, 'listening');
  const stopReloading = reloadSettings(
    {
      read: () => readJobServiceConfig(),
      apply: ({ authentication, tls }) => {
        authenticator?.replace(authentication);
        if (tls) replaceCertificates(service.app, tls);
      },
      log,
    },
    config,
  );

  await stopSignal();
  stopReloading();
  log.info({ drainMs: config.drainMs }, 'draining');
  await drain(service, config.drainMs);
}

/** A page of the Web UI sends the origin of its address. */
function originOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : new URL(url).origin;
}

type Authentication = JobServiceConfig['authentication'];

/** The authenticator of the configured keys and identity provider, whose keys can be replaced; undefined without any. */
function replaceableAuthenticator({ keys, jwt }: Authentication) {
  if (keys === undefined && jwt === undefined) return undefined;
  // It holds the keys of the provider, so it lives as long as the service.
  const byJwt = jwt === undefined ? [] : [jwtAuthenticator(jwt)];
  const authenticatorOf = (json: string | undefined): Authenticator =>
    chainAuthenticators([...(json === undefined ? [] : [staticKeys(json)]), ...byJwt]);
  let current = authenticatorOf(keys);
  return {
    authenticate: (token: string) => current(token),
    replace: (replaced: Pick<Authentication, 'keys'>) => {
      current = authenticatorOf(replaced.keys);
    },
  };
}

function snapshotRuns(client: Client, taskQueue: string): AppDeps['snapshots'] {
  const snapshots = new AuditSnapshotClient(client, taskQueue);
  return {
    start: (input) => snapshots.start(input),
    progress: (jobId) => snapshots.attach(jobId).progress(),
    cancel: (jobId) => snapshots.attach(jobId).cancel(),
    openRunId: (jobId) => openRunId(client, workflowIdOf(jobId)),
  };
}

function neededServers(database: DatabaseConnection, client: Client): readonly NeededServer[] {
  return [
    { name: 'mongodb', check: () => pingDatabase(database) },
    { name: 'temporal', check: () => pingTemporal(client) },
  ];
}

/** LISTEN_FAILED with the reason; the service is closed then, so that nothing keeps the process alive. */
async function listen({ app }: JobService, { host, port }: JobServiceConfig): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    const { code } = cause as NodeJS.ErrnoException;
    const reason = LISTEN_REASONS[code ?? ''] ?? messageOf(cause);
    const message = `the job service cannot listen on ${host}, port ${port}: ${reason}; set HOST and PORT`;
    throw new SnapshotError('LISTEN_FAILED', message, { cause });
  }
}

const LISTEN_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process uses this port (EADDRINUSE)',
  EADDRNOTAVAIL: 'this machine has no such address (EADDRNOTAVAIL)',
  EACCES: 'the process may not use this port (EACCES)',
  ENOTFOUND: 'the host name does not resolve (ENOTFOUND)',
};

function stopSignal(): Promise<unknown> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
}

/** `noticeMs` is how long load balancers may take to notice that `/readyz` fails. */
async function drain({ app, beginDrain }: JobService, noticeMs: number): Promise<void> {
  beginDrain();
  await delay(noticeMs);
  const cutOff = setTimeout(() => app.server.closeAllConnections(), LAST_RESPONSES_MS);
  await app.close();
  clearTimeout(cutOff);
}

async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, { ref: false, ...(signal ? { signal } : {}) }).catch(() => undefined);
}

if (require.main === module) runProcess(runServer);
