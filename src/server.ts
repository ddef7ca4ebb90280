import { pino } from 'pino';
import { connectDatabase, ensureIndexes } from './adapters/mongoConnection';
import { connectTemporal } from './adapters/temporalConnection';
import { AuditSnapshotClient } from './client';
import { readDatabaseConfig, readJobServiceConfig, readLogLevel, readTemporalConfig } from './config';
import { SnapshotError } from './errors';
import { createApp } from './jobs/app';
import { runMain } from './runMain';
import { MongoJobDesk } from './services/jobDesk';

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** Runs the job service until SIGTERM or SIGINT; requests under way are answered first. */
export async function runServer(): Promise<void> {
  const { host, port } = readJobServiceConfig();
  if (!LOOPBACK.has(host)) {
    const message = `HOST ${host} is not a loopback address: the job service has no authentication; put a proxy in front of it`;
    throw new SnapshotError('CONFIG_INVALID', message);
  }
  const log = pino({ level: readLogLevel(), name: 'job-service' });
  const temporal = readTemporalConfig();
  const { uri } = readDatabaseConfig();
  const { connection: temporalConnection, client } = await connectTemporal(temporal);
  const database = await connectDatabase(uri);
  await ensureIndexes(database);
  const snapshots = new AuditSnapshotClient(client, temporal.taskQueue);
  const app = createApp(
    {
      jobs: new MongoJobDesk(database),
      snapshots,
      progress: (jobId) => snapshots.attach(jobId).progress(),
      nowMs: () => Date.now(),
      checkReady: async () => {
        await database.db?.command({ ping: 1 });
        await client.workflowService.getSystemInfo({});
      },
    },
    log,
  );
  const url = await app.listen({ host, port });
  log.info({ url }, 'listening');
  await new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  await app.close();
  await database.close();
  await temporalConnection.close();
}

if (require.main === module) runMain(runServer);
