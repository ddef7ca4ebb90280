import { workflowIdOf } from '../../../src/contract/names';
import { findStuckStates } from '../../../src/jobs/stuckStates';
import type { WorkflowState } from '../../../src/ports/workflowStatusReader';
import { FakeJobStore } from '../../harness/fakes/fakeJobStore';
import { FakeSnapshotRepository } from '../../harness/fakes/fakeSnapshotRepository';
import { FakeWindowLeaseStore } from '../../harness/fakes/fakeWindowLeaseStore';
import { DAY, RESULT } from '../../harness/jobService';
import { seedOf } from '../../harness/snapshotSeed';

const ORIGIN = 'test.example/audit';
const WINDOW = RESULT.window;
const HOUR_MS = 3_600_000;

function world() {
  const jobs = new FakeJobStore();
  const leases = new FakeWindowLeaseStore();
  const snapshots = new FakeSnapshotRepository();
  const states = new Map<string, WorkflowState>();
  const stateOf = (workflowId: string) => Promise.resolve(states.get(workflowId) ?? 'unknown');
  const find = (sealed: readonly string[] = [], nowMs = Date.now()) =>
    findStuckStates(
      { jobs, leases, snapshots, workflowStatus: { stateOf }, origin: ORIGIN, nowMs },
      sealed,
    ).then((found) => found.map(({ kind, jobId }) => [kind, jobId]));
  const run = (jobId: string, state: WorkflowState) => states.set(workflowIdOf(jobId), state);
  const sign = async (jobId: string) => {
    const workflowId = workflowIdOf(jobId);
    const asOf = await leases.sequence();
    await leases.acquire({ snapshotId: `snap-${jobId}`, window: WINDOW, workflowId, asOf });
    await leases.beginSigning(`snap-${jobId}`);
  };
  return { jobs, leases, snapshots, find, run, sign };
}

test.each<[WorkflowState, number]>([
  ['open', 0],
  ['completed', 1],
  ['ended', 1],
  ['unknown', 1],
])('a running job whose run is %s makes %i stuck states', async (state, count) => {
  const { jobs, find, run } = world();
  await jobs.ensure({ jobId: 'a', ...DAY }, 1);
  run('a', state);
  expect(await find()).toEqual(count === 0 ? [] : [['run-lost', 'a']]);
});

test('a queued job without a run is stuck only when it is older than a submission takes', async () => {
  const { jobs, find } = world();
  await jobs.create('a', 'audit.snapshot', DAY);
  expect(await find()).toEqual([]);
  expect(await find([], Date.now() + HOUR_MS)).toEqual([['run-lost', 'a']]);
});

test('a job that ends while it is looked at is not stuck', async () => {
  const { jobs, find } = world();
  await jobs.ensure({ jobId: 'a', ...DAY }, 1);
  const read = (jobId: string) => FakeJobStore.prototype.find.call(jobs, jobId);
  jobs.find = async (jobId) => {
    await jobs.report(jobId, { status: 'succeeded', result: RESULT });
    return read(jobId);
  };
  expect(await find()).toEqual([]);
});

test('every one of two hundred and fifty lost jobs is found', async () => {
  const { jobs, find } = world();
  for (let job = 0; job < 250; job++) await jobs.ensure({ jobId: `job-${job}`, ...DAY }, 1);
  expect(await find()).toHaveLength(250);
});

test('a window in signing is reserved when its run is not open, and a lease before signing is not', async () => {
  const { leases, find, run, sign } = world();
  await sign('a');
  run('a', 'open');
  expect(await find()).toEqual([]);
  run('a', 'ended');
  expect(await find()).toEqual([['window-reserved', 'a']]);
  await leases.finish('snap-a');
  await leases.acquire({
    snapshotId: 'snap-b',
    window: WINDOW,
    workflowId: workflowIdOf('b'),
    asOf: await leases.sequence(),
  });
  expect(await find()).toEqual([]);
});

test('a snapshot of the ledger is lost without a row, or with an unsigned one and no run', async () => {
  const { snapshots, find, run } = world();
  const sealed = ['snap-gone', 'snap-older', 'snap-signed', 'snap-open', 'snap-closed'];
  for (const id of ['older', 'signed', 'open', 'closed']) await snapshots.open(seedOf(id));
  await snapshots.setSignature('snap-signed', {
    signature: 's',
    signatureVersionId: 'v',
    checkpointVersionId: 'v',
    checkpointBytes: 1,
    timestamp: null,
  });
  await snapshots.close('snap-closed', RESULT);
  run('open', 'open');
  expect(await find(sealed)).toEqual([
    ['snapshot-lost', 'gone'],
    ['snapshot-lost', 'older'],
  ]);
});

test('a job with a lost snapshot is named once, with the command that restores it', async () => {
  const { jobs, snapshots, leases, sign } = world();
  await jobs.ensure({ jobId: 'a', ...DAY }, 1);
  await sign('a');
  const workflowStatus = { stateOf: () => Promise.resolve('unknown' as const) };
  const deps = { jobs, leases, snapshots, workflowStatus, origin: ORIGIN, nowMs: Date.now() };
  const found = await findStuckStates(deps, ['snap-a']);
  expect(found.map(({ command }) => command)).toEqual([
    'audit-snapshot restore --from-evidence --key trust.json',
  ]);
});
