import { seedOf } from '../../../src/sealing/snapshotSeed';
import { FakeDeps } from '../../harness/fakeDeps';

const INPUT = {
  jobId: 'job-1',
  window: { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' },
  onTamper: 'seal',
} as const;

test('a snapshot is opened when Temporal scheduled the attempt, whatever the clock of the worker says', async () => {
  const deps = new FakeDeps();
  const scheduledMs = deps.clock.nowMs() + 1000;
  for (const offsetMs of [3_600_000, -7_200_000]) {
    deps.clock.advance(offsetMs);
    expect((await seedOf(deps, INPUT, scheduledMs)).openedAt).toBe('2026-06-01T00:00:01.000Z');
  }
});

test('a snapshot is not opened before its key was made, although Temporal scheduled the attempt earlier', async () => {
  const deps = new FakeDeps();
  expect(await seedOf(deps, INPUT, deps.clock.nowMs() - 3_600_000)).toMatchObject({
    openedAt: '2026-06-01T00:00:00.000Z',
    retainUntil: '2027-06-01T00:00:00.000Z',
  });
});
