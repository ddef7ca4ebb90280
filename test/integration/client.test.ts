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
  /** A name that would break an unescaped query. */
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

  /** Temporal's list is eventually consistent: polls until it contains exactly these jobs. */
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

  test('the client lists the runs of its own task queue alone, whatever its name', async () => {
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
  ])('the client lists the runs that match %j', async (filter, jobs) => {
    await expectListed(undefined, [january, february]);
    await expectListed(filter, jobs);
  });

  test('an entry of the list contains the window, the stage and the record count', async () => {
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

  test('submitting a running job again attaches to it, and another window or task queue is a conflict', async () => {
    const again = await client.submit(JANUARY, { jobId: january });
    await expect(again.describe()).resolves.toMatchObject({ window: JANUARY, status: 'running' });
    await expect(client.submit(FEBRUARY, { jobId: january })).rejects.toMatchObject({ code: 'JOB_CONFLICT' });
    await expect(other.submit(JANUARY, { jobId: january })).rejects.toMatchObject({ code: 'JOB_CONFLICT' });
  });

  test('progress without a worker fails with WORKER_UNAVAILABLE, and following waits until it is aborted', async () => {
    const run = client.attach(january);
    await expect(run.progress()).rejects.toMatchObject({ code: 'WORKER_UNAVAILABLE', retryable: true });
    const left = (async () => {
      for await (const _ of run.follow({ signal: AbortSignal.timeout(300) })) throw new Error('progress?');
    })();
    await expect(left).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('waiting for a run ends at its timeout, at its signal, or when the run is terminated', async () => {
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

  test('connecting to a missing namespace fails at once', async () => {
    const nowhere = AuditSnapshotClient.connect({ address, namespace: 'nowhere' });
    await expect(nowhere).rejects.toMatchObject({ code: 'TEMPORAL_FAILED', retryable: false });
  });

  test('connecting to an unreachable server fails without the API key in the error', async () => {
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
