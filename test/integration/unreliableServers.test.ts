import type { Connection } from 'mongoose';
import { readStorageConfig, readTemporalConfig } from '../../src/config';
import { PROGRESS_QUERY, workflowIdOf } from '../../src/contract/names';
import type { Progress } from '../../src/contract/snapshot';
import type { Window } from '../../src/contract/window';
import { connectDatabase } from '../../src/mongo/connection';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { connectTemporal, type TemporalConnection } from '../../src/temporal/connection';
import { bucketReader } from '../../src/verify/evidenceReaders';
import { verifySnapshot } from '../../src/verify/verifySnapshot';
import type { HttpFault } from '../chaos/httpProxy';
import type { MongoFault } from '../chaos/mongoTap';
import { ProxyNetwork } from '../chaos/proxyNetwork';
import { targetOf } from '../chaos/tcpProxy';
import { databaseUri, readTrust, uniqueName } from '../harness/deployment';
import { eventually } from '../harness/eventually';
import { Services, type JobView } from '../harness/services';

/** Each hits one request. `outdated` is 412 of Vault and 409 of storage, `standby` 473, `full` 500 that says so. */
const HTTP_FAULTS: Readonly<Record<'storage' | 'vault' | 'service', readonly HttpFault[]>> = {
  storage: [
    'silent',
    'stalled',
    'htmlError',
    'emptyError',
    'cutError',
    'outdated',
    '429',
    '503',
    '507',
    'requestCut',
    'answerCut',
    'unacknowledged',
  ],
  vault: ['silent', 'outdated', 'standby', '429', 'htmlError', 'emptyError', 'cutError'],
  service: ['silent', '503', 'htmlError', 'emptyError', 'cutError'],
};
const MONGO_FAULTS: readonly MongoFault[] = ['notPrimary', 'unacknowledged', 'full', 'lost'];

const MAX_ROUNDS = 4;
const JOBS_AT_ONCE = 3;
const RECORDS = 40;

const address = (name: string) => targetOf(process.env[name] ?? '');

const dayOf = (number: number): Window => {
  const fromMs = Date.parse('2026-03-01T00:00:00.000Z') + number * 86_400_000;
  return { from: new Date(fromMs).toISOString(), to: new Date(fromMs + 86_399_999).toISOString() };
};

/** One fault for each server waits for its next request. The next fault waits only once storage has stored something. */
class Faults {
  network: ProxyNetwork | undefined;
  readonly #left: { readonly server: string; readonly names: string[]; waiting: boolean }[];

  constructor() {
    const all = { ...HTTP_FAULTS, mongo: MONGO_FAULTS, temporal: ['cut'], connections: ['dead'] };
    this.#left = Object.entries(all).map(([server, names]) => ({
      server,
      names: [...names],
      waiting: false,
    }));
  }

  /** Those that have hit no request yet. */
  get left(): readonly string[] {
    return this.#left.flatMap(({ server, names }) => names.map((name) => `${server}.${name}`));
  }

  arm(): void {
    for (const queue of this.#left) {
      const [name] = queue.names;
      if (name === undefined || queue.waiting) continue;
      queue.waiting = true;
      this.#inject(queue.server, name, () => {
        if (!queue.waiting) return;
        queue.waiting = false;
        queue.names.shift();
      });
    }
  }

  /** Those that wait hit nothing any more, and are armed again. */
  lift(): void {
    this.network?.heal();
    for (const queue of this.#left) queue.waiting = false;
  }

  #inject(server: string, name: string, fired: () => void): void {
    const { network } = this;
    if (server === 'mongo') network?.injectMongoFault(name as MongoFault, fired);
    else if (server === 'temporal') network?.cut('temporal', 700, fired);
    else if (server === 'connections') network?.killConnections('storage', fired);
    else network?.injectHttpFault(server as 'storage', name as HttpFault, fired);
  }
}

describe('jobs on servers that go silent, break off and answer with errors', () => {
  const faults = new Faults();
  let armed = false;
  let serviceUrl = '';
  let network: ProxyNetwork;
  let services: Services;
  let connection: Connection;
  let temporal: TemporalConnection;

  beforeAll(async () => {
    network = new ProxyNetwork(
      {
        temporal: targetOf(`tcp://${process.env['TEMPORAL_ADDRESS']}`),
        mongo: address('MONGODB_URI'),
        storage: address('S3_ENDPOINT'),
        vault: address('VAULT_ADDR'),
        service: () => targetOf(serviceUrl),
      },
      {
        onWrite: () => undefined,
        onStored: () => (armed ? faults.arm() : undefined),
        beforeReport: () => Promise.resolve(),
      },
    );
    faults.network = network;
    const proxied = await network.listen();
    services = new Services({
      MONGODB_URI: databaseUri(uniqueName('unreliable'), {
        MONGODB_URI: `mongodb://${proxied.mongo}/?directConnection=true`,
      }),
      TEMPORAL_ADDRESS: proxied.temporal,
      S3_ENDPOINT: `http://${proxied.storage}`,
      VAULT_ADDR: `http://${proxied.vault}`,
      JOB_SERVICE_URL: `http://${proxied.service}`,
      S3_IDLE_SECONDS: '2',
      AUDIT_CHUNK_RECORDS: '10',
    });
    await services.startServers();
    serviceUrl = services.url;
    await services.startWorker();
    connection = await connectDatabase(services.env['MONGODB_URI']!);
    temporal = await connectTemporal(readTemporalConfig());
  }, 120_000);

  afterAll(async () => {
    armed = false;
    faults.lift();
    await services?.stop();
    await connection?.close();
    await temporal?.connection.close();
    await network?.close();
  });

  /** A fault may also hit what the job service needs to answer. */
  async function ended(jobId: string): Promise<JobView> {
    let job: JobView | undefined;
    const isOver = async () => {
      job = await services.job(jobId).catch(() => undefined);
      return job !== undefined && ['succeeded', 'failed', 'cancelled'].includes(job.status);
    };
    await eventually(`the end of job ${jobId}`, isOver, 120_000);
    return job!;
  }

  test('every job succeeds in its first attempt, with evidence that verifies, whatever its requests meet', async () => {
    const trust = await readTrust({ ...process.env, ...services.env });
    const store = connectObjectStore(readStorageConfig({ ...process.env, ...services.env }));
    let days = 0;
    for (let round = 0; round < MAX_ROUNDS && faults.left.length > 0; round++) {
      const windows = Array.from({ length: JOBS_AT_ONCE }, () => dayOf(days++));
      for (const [index, window] of windows.entries()) await services.log(RECORDS, window, index);
      const jobIds: string[] = [];
      for (const window of windows) jobIds.push(await services.submit(window));
      armed = true;
      faults.arm();
      const jobs = await Promise.all(jobIds.map(ended));
      armed = false;
      faults.lift();
      for (const { jobId, status, error, result } of jobs) {
        expect({ status, error, recordCount: result?.recordCount }).toEqual({
          status: 'succeeded',
          error: null,
          recordCount: RECORDS,
        });
        const handle = temporal.client.workflow.getHandle(workflowIdOf(jobId));
        await handle.result();
        expect((await handle.query<Progress>(PROGRESS_QUERY)).attempt).toBe(1);
        const { snapshotId } = result!;
        const report = await verifySnapshot(bucketReader(store), { snapshotId, trust });
        expect(report).toMatchObject({ verdict: 'VERIFIED', failures: [] });
      }
    }
    expect(faults.left).toEqual([]);
    const sealed = { immutable: true, timestamp: { $lt: new Date(dayOf(days).from) } };
    const logs = connection.collection('auditlogs');
    expect(await logs.countDocuments(sealed)).toBe(days * RECORDS);
  }, 300_000);
});
