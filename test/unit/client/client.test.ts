import { ApplicationFailure, CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { AuditSnapshotClient, isSnapshotError, SnapshotError } from '../../../src/client';
import { FakeTemporalClient, grpcFailure } from '../../harness/fakes/fakeTemporalClient';

const DAY = { from: '2026-03-01T00:00:00Z', to: '2026-03-01T23:59:59.999Z' };
const CANONICAL = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const RESULT = { recordCount: 3, snapshotId: 'snap-day' };

function setUp() {
  const temporal = new FakeTemporalClient();
  return { temporal, client: new AuditSnapshotClient(temporal.client, 'queue') };
}

async function submitted() {
  const { temporal, client } = setUp();
  return { temporal, client, run: await client.submit(DAY, { jobId: 'day' }) };
}

describe('submitting a window', () => {
  test('submitting starts one run with a canonical window on the task queue of the client', async () => {
    const { temporal, client } = setUp();
    const run = await client.submit(
      { from: new Date(DAY.from), to: '2026-03-02T00:59:59.999+01:00' },
      { jobId: 'day', onTamper: 'fail', maxAttempts: undefined },
    );
    expect(run).toMatchObject({ jobId: 'day', snapshotId: 'snap-day', workflowId: 'audit-snapshot/day' });
    expect(temporal.runs.get('audit-snapshot/day')).toMatchObject({
      input: { jobId: 'day', ...CANONICAL, onTamper: 'fail' },
      taskQueue: 'queue',
    });
  });

  test('without a job id every submission creates a new job', async () => {
    const { temporal, client } = setUp();
    const [first, second] = [await client.submit(DAY), await client.submit(DAY)];
    expect(first.jobId).not.toBe(second.jobId);
    expect(temporal.runs.size).toBe(2);
  });

  test('with a job id a second submission attaches to the run of the first, in progress or succeeded', async () => {
    const { temporal, client } = setUp();
    await client.submit(DAY, { jobId: 'day' });
    const again = await client.submit(DAY, { jobId: 'day' });
    temporal.end('audit-snapshot/day', { result: RESULT });
    await expect(again.wait()).resolves.toEqual(RESULT);
    const later = await client.submit(DAY, { jobId: 'day' });
    await expect(later.result()).resolves.toEqual(RESULT);
    expect(temporal.runs.size).toBe(1);
  });

  test('another window under the id of a job is rejected', async () => {
    const { client } = setUp();
    await client.submit(DAY, { jobId: 'day' });
    const other = { from: DAY.from, to: '2026-03-01T12:00:00Z' };
    await expect(client.submit(other, { jobId: 'day' })).rejects.toMatchObject({ code: 'JOB_CONFLICT' });
  });

  test('a job id that a run of another task queue has is rejected, because that run seals another log', async () => {
    const { temporal, client } = setUp();
    await new AuditSnapshotClient(temporal.client, 'elsewhere').submit(DAY, { jobId: 'day' });
    temporal.end('audit-snapshot/day', { result: RESULT });
    const refused = { code: 'JOB_CONFLICT', message: expect.stringContaining('task queue elsewhere') };
    await expect(client.submit(DAY, { jobId: 'day' })).rejects.toMatchObject(refused);
  });

  test.each([
    ['a date without offset', { from: '2026-03-01', to: DAY.to }, {}, 'WINDOW_INVALID'],
    ['an invalid Date', { from: new Date('no'), to: DAY.to }, {}, 'WINDOW_INVALID'],
    ['a missing from', { to: DAY.to }, {}, 'WINDOW_INVALID'],
    ['an end in the future', { from: DAY.from, to: new Date(Date.now() + 3_600_000) }, {}, 'WINDOW_INVALID'],
    ['a job id that would be a path', DAY, { jobId: '../x' }, 'PAYLOAD_INVALID'],
  ])('a submission with %s is rejected before anything is started', async (_, window, options, code) => {
    const { temporal, client } = setUp();
    await expect(client.submit(window as typeof DAY, options)).rejects.toMatchObject({ code });
    expect(temporal.runs.size).toBe(0);
  });

  test.each([
    [14, 'no connection established', 'TEMPORAL_UNREACHABLE', true],
    [7, 'no', 'TEMPORAL_UNAUTHORIZED', false],
    [3, 'search attribute AuditStage is not defined', 'SEARCH_ATTRIBUTES_MISSING', false],
    [
      3,
      'Namespace x has no mapping defined for search attribute AuditStage',
      'SEARCH_ATTRIBUTES_MISSING',
      false,
    ],
    [3, 'invalid workflow id', 'TEMPORAL_FAILED', false],
  ])('gRPC status %d with details "%s" is reported as %s', async (status, details, code, retryable) => {
    const { temporal, client } = setUp();
    temporal.startFailure = grpcFailure(status, details);
    await expect(client.submit(DAY)).rejects.toMatchObject({ code, retryable });
  });
});

describe('runs', () => {
  test.each([
    [ApplicationFailure.nonRetryable('odd record', 'TAMPER_FOUND'), 'TAMPER_FOUND'],
    [ApplicationFailure.nonRetryable('?', 'NOT_OURS'), 'INTERNAL'],
    [new CancelledFailure('Workflow canceled'), 'JOB_CANCELLED'],
    [new TerminatedFailure('by hand'), 'JOB_TERMINATED'],
  ])('waiting for a run that ended with %s rejects with the code %s', async (cause, code) => {
    const { temporal, run } = await submitted();
    temporal.end('audit-snapshot/day', { cause });
    await expect(run.wait()).rejects.toMatchObject({ name: 'SnapshotError', code });
  });

  test('a run that outlasts the timeout of a wait continues, and can be waited for again', async () => {
    const { temporal, run } = await submitted();
    await expect(run.wait({ timeoutMs: 1 })).rejects.toMatchObject({
      code: 'WAIT_TIMED_OUT',
      retryable: true,
    });
    expect(temporal.abortedCalls).toBe(1);
    temporal.end('audit-snapshot/day', { result: RESULT });
    await expect(run.wait({ timeoutMs: 60_000 })).resolves.toEqual(RESULT);
  });

  test('a wait rejects once its signal is aborted, before the call or during it', async () => {
    const { temporal, run } = await submitted();
    const leave = new AbortController();
    const waiting = run.wait({ signal: leave.signal, timeoutMs: 60_000 });
    leave.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    await expect(run.wait({ signal: leave.signal })).rejects.toThrow('gone');
    expect(temporal.runs.get('audit-snapshot/day')).toMatchObject({ status: 'RUNNING', cancels: 0 });
  });

  test('progress without a worker is WORKER_UNAVAILABLE, not TEMPORAL_UNREACHABLE', async () => {
    const { temporal, run } = await submitted();
    await expect(run.progress()).rejects.toMatchObject({ code: 'WORKER_UNAVAILABLE', retryable: true });
    temporal.onQuery = () => Promise.resolve({ stage: 'sealing' });
    await expect(run.progress()).resolves.toEqual({ stage: 'sealing' });
  });

  test('progress says why a call is tried again, as long as it is', async () => {
    const { temporal, run } = await submitted();
    temporal.onQuery = () => Promise.resolve({ stage: 'sealing' });
    const lastFailure = { message: 'no space left', applicationFailureInfo: { type: 'STORAGE_FAILED' } };
    temporal.pendingActivities = [{}, { lastFailure }];
    await expect(run.progress()).resolves.toEqual({
      stage: 'sealing',
      retrying: 'STORAGE_FAILED: no space left',
    });
    temporal.pendingActivities = [{}];
    await expect(run.progress()).resolves.toEqual({ stage: 'sealing' });
  });

  test('a run can be cancelled, and cancelling one that has ended changes nothing', async () => {
    const { temporal, client, run } = await submitted();
    await run.cancel();
    expect(temporal.runs.get('audit-snapshot/day')).toMatchObject({ cancels: 1 });
    temporal.end('audit-snapshot/day', { result: RESULT });
    await run.cancel();
    expect(temporal.runs.get('audit-snapshot/day')).toMatchObject({ cancels: 1 });
    await expect(client.attach('nobody').cancel()).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
  });

  test('a run is described without a worker', async () => {
    const { run } = await submitted();
    await expect(run.describe()).resolves.toMatchObject({
      jobId: 'day',
      snapshotId: 'snap-day',
      status: 'running',
      stage: 'opening',
      window: CANONICAL,
      findings: undefined,
    });
  });

  test.each(['wait', 'progress', 'describe', 'cancel'] as const)(
    '%s of a run that Temporal does not know is JOB_NOT_FOUND',
    async (call) => {
      const { client } = setUp();
      await expect(client.attach('nobody')[call]()).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
    },
  );
});

describe('isSnapshotError', () => {
  test('isSnapshotError recognises errors of another copy of this package, and no others', () => {
    const foreign = Object.assign(new Error('busy'), { name: 'SnapshotError', code: 'WINDOW_BUSY' });
    expect(isSnapshotError(foreign)).toBe(true);
    expect(isSnapshotError(foreign, 'WINDOW_BUSY')).toBe(true);
    expect(isSnapshotError(foreign, 'LEASE_LOST')).toBe(false);
    expect(isSnapshotError(new SnapshotError('INTERNAL', 'x'))).toBe(true);
    for (const other of [new Error('x'), undefined, 'INTERNAL', { name: 'SnapshotError', code: 'INTERNAL' }])
      expect(isSnapshotError(other)).toBe(false);
    expect(isSnapshotError(Object.assign(new Error('x'), { name: 'SnapshotError', code: 'NOT_OURS' }))).toBe(
      false,
    );
  });
});
