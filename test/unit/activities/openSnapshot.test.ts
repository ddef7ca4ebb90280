import { openSnapshot } from '../../../activities/openSnapshot';
import { snapshotIdOf, workflowIdOf } from '../../../src/contract/names';
import { runAttempt } from '../../harness/activityAttempt';
import { FakeDeps } from '../../harness/fakeDeps';

const INPUT = {
  jobId: 'day-one',
  window: { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' },
  onTamper: 'seal',
} as const;

const open = (deps: FakeDeps) => runAttempt({}, () => openSnapshot(deps, INPUT));

test('an attempt whose workflow has ended reserves no window', async () => {
  const deps = new FakeDeps();
  await expect(open(deps)).rejects.toMatchObject({ code: 'LEASE_LOST', retryable: false });
  expect(await deps.leases.find(snapshotIdOf(INPUT.jobId))).toBeUndefined();
});

test('an attempt whose workflow ends while it asks Temporal reserves no window', async () => {
  const deps = new FakeDeps();
  const { workflowStatus, leases } = deps;
  workflowStatus.open.add(workflowIdOf(INPUT.jobId));
  const isOpen = workflowStatus.isOpen.bind(workflowStatus);
  workflowStatus.isOpen = async (workflowId) => {
    const answer = await isOpen(workflowId);
    workflowStatus.open.clear();
    await leases.withdraw(snapshotIdOf(INPUT.jobId));
    return answer;
  };
  await expect(open(deps)).rejects.toMatchObject({ code: 'LEASE_LOST' });
  expect(await leases.find(snapshotIdOf(INPUT.jobId))).toBeUndefined();
});
