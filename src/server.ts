import { setTimeout as sleep } from 'node:timers/promises';
import { mongo } from 'mongoose';
import { jwtAuthenticator } from './adapters/jwtAuthenticator';
import { connectDatabase, ensureIndexes } from './adapters/mongoConnection';
import { onDatabase } from './adapters/mongoErrors';
import { connectTemporal, toTemporalError } from './adapters/temporalConnection';
import { temporalDirectory } from './adapters/temporalDirectory';
import { AuditSnapshotClient } from './client';
import {
  readDatabaseConfig,
  readJobServiceConfig,
  readLogLevel,
  readTemporalConfig,
  type JobServiceConfig,
} from './config';
import { createJobService, type JobService } from './jobs/app';
import { firstOf, type Authenticator } from './jobs/auth/caller';
import { staticKeys } from './jobs/auth/staticKeys';
import { createLog } from './log';
import { runMain } from './runMain';
import { MongoIdempotencyKeys } from './services/idempotencyKeys';
import { MongoJobDesk } from './services/jobDesk';
import { VERSION } from './software';

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
      jobs: new MongoJobDesk(database),
      keys: new MongoIdempotencyKeys(database, config.idempotencyHours),
      snapshots: {
        start: (input) => snapshots.start(input),
        progress: (jobId) => snapshots.attach(jobId).progress(),
        cancel: (jobId) => snapshots.attach(jobId).cancel(),
      },
      directory: temporalDirectory(client),
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
  return known.length === 0 ? undefined : firstOf(known);
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

if (require.main === module) runMain(runServer);
