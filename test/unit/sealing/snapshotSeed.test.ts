import { seedOf } from '../../../src/sealing/snapshotSeed';
import { FakeDeps } from '../../harness/fakeDeps';

const INPUT = {
  jobId: 'job-1',
  window: { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' },
  onTamper: 'seal',
} as const;

test('a snapshot is opened at the time of the clock', async () => {
  const deps = new FakeDeps();
  deps.clock.advance(1000);
  expect((await seedOf(deps, INPUT)).openedAt).toBe('2026-06-01T00:00:01.000Z');
});

test('a snapshot is not opened before its key was made, although the clock says so', async () => {
  const deps = new FakeDeps();
  deps.clock.advance(-3_600_000);
  expect(await seedOf(deps, INPUT)).toMatchObject({
    openedAt: '2026-06-01T00:00:00.000Z',
    retainUntil: '2027-06-01T00:00:00.000Z',
  });
});
