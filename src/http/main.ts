import { setTimeout as sleep } from 'node:timers/promises';
import { mongo } from 'mongoose';
import { jwtAuthenticator } from './auth/jwtAuthenticator';
import { connectDatabase, ensureIndexes } from '../mongo/connection';
import { onDatabase } from '../mongo/errors';
import { connectTemporal, toTemporalError } from '../temporal/connection';
import { temporalWorkflowStatus } from '../temporal/workflowStatusReader';
import { AuditSnapshotClient } from '../client';
import {
  readDatabaseConfig,
  readJobServiceConfig,
  readLogLevel,
  readTemporalConfig,
  type JobServiceConfig,
} from '../config';
import { createJobService, type JobService } from './app';
import { chainAuthenticators, type Authenticator } from './auth/caller';
import { staticKeys } from './auth/staticKeys';
import { createLog } from '../log';
import { runProcess } from '../runProcess';
import { MongoIdempotencyKeys } from '../mongo/idempotencyKeys';
import { MongoJobStore } from '../mongo/jobStore';
import { VERSION } from '../version';

/** Requests that are still under way this long after the listener closed are cut off. */
const LAST_ANSWERS_MS = 20_000;

/** Runs the job service until SIGTERM or SIGINT; then it turns unready, and requests under way are answered first. */
export async function runServer(): Promise<void> {
  const config = readJobServiceConfig();
  const authenticate = authenticatorOf(config.authentication);
  const log = createLog('job-service', readLogLevel());
  const temporal = readTemporalConfig();
  const { uri } = readDatabaseConfig();
  const { connection: temporalConnection, client } = await connectTemporal(temporal);
  const database = await connectDatabase(uri);
  await ensureIndexes(database);
  const snapshots = new AuditSnapshotClient(client, temporal.taskQueue);
  const service = createJobService(
    {
      jobs: new MongoJobStore(database),
      keys: new MongoIdempotencyKeys(database, config.idempotencyHours),
      snapshots: {
        start: (input) => snapshots.start(input),
        progress: (jobId) => snapshots.attach(jobId).progress(),
        cancel: (jobId) => snapshots.attach(jobId).cancel(),
      },
      directory: temporalWorkflowStatus(client),
      nowMs: () => Date.now(),
      newJobId: () => new mongo.ObjectId().toHexString(),
      pause,
      servers: [
        {
          name: 'mongodb',
          check: () => onDatabase('ping', async () => void (await database.db?.command({ ping: 1 }))),
        },
        {
          name: 'temporal',
          check: async () => {
            await client.workflowService.getSystemInfo({}).catch((error: unknown) => {
              throw toTemporalError('Temporal', error);
            });
          },
        },
      ],
      authenticate,
      limits: config.limits,
      version: VERSION,
    },
    log,
  );
  if (!authenticate)
    log.warn('JOB_SERVICE_INSECURE_NO_AUTH: everybody on this machine may submit, cancel and report jobs');
  const url = await service.app.listen({ host: config.host, port: config.port });
  log.info({ url }, 'listening');
  await new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  log.info({ drainMs: config.drainMs }, 'draining');
  await drain(service, config.drainMs);
  await database.close();
  await temporalConnection.close();
}

function authenticatorOf({ keys, jwt }: JobServiceConfig['authentication']): Authenticator | undefined {
  const known = [...(keys === undefined ? [] : [staticKeys(keys)]), ...(jwt ? [jwtAuthenticator(jwt)] : [])];
  return known.length === 0 ? undefined : chainAuthenticators(known);
}

async function drain({ app, beginDrain }: JobService, noticeMs: number): Promise<void> {
  beginDrain();
  await sleep(noticeMs);
  const cutOff = setTimeout(() => app.server.closeAllConnections(), LAST_ANSWERS_MS);
  await app.close();
  clearTimeout(cutOff);
}

async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { ref: false, ...(signal ? { signal } : {}) }).catch(() => undefined);
}

if (require.main === module) runProcess(runServer);
