import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { AuditSnapshotClient, type RunFilter } from '../../src/client';

const JANUARY = { from: '2026-01-01T00:00:00.000Z', to: '2026-01-31T23:59:59.999Z' };
const FEBRUARY = { from: '2026-02-01T00:00:00.000Z', to: '2026-02-28T23:59:59.999Z' };

const LAG_MS = 20_000;

describe('the client on a real Temporal, without a worker', () => {
  const address = process.env['TEMPORAL_ADDRESS']!;
  /** A name that would end a careless quote. */
  const taskQueue = `q' OR TaskQueue != '${randomUUID()}`;
  const [january, february] = [`jan-${randomUUID()}`, `feb-${randomUUID()}`];
  let temporal: Client;
  let client: AuditSnapshotClient;
  let other: AuditSnapshotClient;

  beforeAll(async () => {
    client = await AuditSnapshotClient.connect({ address, taskQueue });
    temporal = new Client({ connection: await Connection.connect({ address }) });
    other = new AuditSnapshotClient(temporal, `other-${randomUUID()}`);
    await client.submit(JANUARY, { jobId: january });
    await client.submit(FEBRUARY, { jobId: february });
    await other.submit(JANUARY);
  });

  afterAll(async () => {
    for (const snapshots of [client, other])
      for await (const { workflowId, status } of snapshots.list())
        if (status === 'running') await temporal.workflow.getHandle(workflowId).terminate();
    await client.close();
    await temporal.connection.close();
  });

  async function listed(filter?: RunFilter): Promise<string[]> {
    const jobs: string[] = [];
    for await (const { jobId } of client.list(filter)) jobs.push(jobId);
    return jobs.toSorted();
  }

  /** Temporal's list lags: it is asked again until it gives this, or says what it gives instead. */
  async function expectListed(filter: RunFilter | undefined, jobs: readonly string[]): Promise<void> {
    const wanted = jobs.toSorted();
    const deadlineMs = Date.now() + LAG_MS;
    let found = await listed(filter);
    while (found.join() !== wanted.join() && Date.now() < deadlineMs) {
      await pause(50);
      found = await listed(filter);
    }
    expect(found).toEqual(wanted);
  }

  test('lists the runs of its own task queue, whatever its name is', async () => {
    await expectListed(undefined, [january, february]);
  });

  test.each<[RunFilter, readonly string[]]>([
    [{ status: 'running', stage: ['opening', 'sealing'] }, [january, february]],
    [{ status: ['failed', 'timedOut', 'succeeded', 'cancelled', 'terminated'] }, []],
    [{ stage: 'done' }, []],
    [{ overlaps: { from: '2026-01-31T23:59:59.999Z', to: '2026-01-31T23:59:59.999Z' } }, [january]],
    [{ overlaps: { from: JANUARY.to, to: FEBRUARY.from } }, [january, february]],
    [{ overlaps: { from: '2026-03-01T00:00:00Z', to: '2026-03-31T00:00:00Z' } }, []],
    [{ jobId: february }, [february]],
    [{ jobId: `x' OR AuditJobId != '` }, []],
    [{ minFindings: 1 }, []],
  ])('lists by %j', async (filter, jobs) => {
    await expectListed(undefined, [january, february]);
    await expectListed(filter, jobs);
  });

  test('an entry of the list says which window and how far', async () => {
    await expectListed({ jobId: january }, [january]);
    for await (const run of client.list({ jobId: january }))
      expect(run).toMatchObject({
        snapshotId: `snap-${january}`,
        status: 'running',
        stage: 'opening',
        window: JANUARY,
        recordCount: undefined,
      });
  });

  test('a job whose run is under way is attached to for its window, and refused for another', async () => {
    const again = await client.submit(JANUARY, { jobId: january });
    await expect(again.describe()).resolves.toMatchObject({ window: JANUARY, status: 'running' });
    await expect(client.submit(FEBRUARY, { jobId: january })).rejects.toMatchObject({ code: 'JOB_CONFLICT' });
    await expect(other.submit(JANUARY, { jobId: january })).rejects.toMatchObject({ code: 'JOB_CONFLICT' });
  });

  test('progress without a worker says so, and following goes on until it is left', async () => {
    const run = client.attach(january);
    await expect(run.progress()).rejects.toMatchObject({ code: 'WORKER_UNAVAILABLE', retryable: true });
    const left = (async () => {
      for await (const _ of run.follow({ signal: AbortSignal.timeout(300) })) throw new Error('progress?');
    })();
    await expect(left).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('waiting ends with its time or its signal, and with the run when that is terminated', async () => {
    const { jobId } = await client.submit(FEBRUARY);
    const run = client.attach(jobId);
    await expect(run.wait({ timeoutMs: 200 })).rejects.toMatchObject({ code: 'WAIT_TIMED_OUT' });
    await expect(run.wait({ signal: AbortSignal.timeout(100) })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    const waiting = run.wait({ timeoutMs: 50_000 });
    await temporal.workflow.getHandle(run.workflowId).terminate('by hand');
    await expect(waiting).rejects.toMatchObject({ code: 'JOB_TERMINATED' });
    await run.cancel();
    await client.submit(FEBRUARY, { jobId });
    await expectListed({ jobId }, [jobId, jobId]);
    await temporal.workflow.getHandle(run.workflowId).terminate();
  });

  test('a namespace that is not there is refused at once', async () => {
    const nowhere = AuditSnapshotClient.connect({ address, namespace: 'nowhere' });
    await expect(nowhere).rejects.toMatchObject({ code: 'TEMPORAL_FAILED', retryable: false });
  });

  test('a server that is not there is unreachable, and the failure does not tell the API key', async () => {
    const apiKey = `key-${randomUUID()}`;
    const options = { address: '127.0.0.1:1', apiKey, tls: false };
    const failure = await AuditSnapshotClient.connect(options).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'TEMPORAL_UNREACHABLE', retryable: true });
    expect(inspect(failure, { depth: null, showHidden: true })).not.toContain(apiKey);
  });
});
