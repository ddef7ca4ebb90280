import { MockActivityEnvironment } from '@temporalio/testing';
import { markImmutable } from '../../../activities/markImmutable';
import { snapshotIdOf } from '../../../src/contract/names';
import { FakeDeps } from '../../support/fakeDeps';
import { InProcessRun } from '../../support/inProcessFlow';

const JOB = {
  jobId: 'marks',
  from: '2026-03-01T00:00:00.000Z',
  to: '2026-03-01T23:59:59.999Z',
};
const snapshotId = snapshotIdOf(JOB.jobId);

/** Two chunks of four records, signed and not marked; then the second chunk is marked by a retry that knows `details`. */
async function retryMarking(
  details: unknown,
): Promise<{ marked: number[]; heartbeats: unknown[]; result: unknown }> {
  const deps = new FakeDeps();
  const ids = deps.logEntries(8);
  await expect(new InProcessRun(deps, { dieBefore: 'markImmutable' }).run(JOB)).rejects.toThrow('died');
  const retry = new MockActivityEnvironment({ attempt: 2, heartbeatDetails: details });
  const heartbeats: unknown[] = [];
  retry.on('heartbeat', (beat: unknown) => heartbeats.push(beat));
  const result: unknown = await retry.run(() => markImmutable(deps, { snapshotId, index: 1 }));
  const marked = ids.flatMap((id, place) => (deps.records.sealedBy(id) === snapshotId ? [place] : []));
  return { marked, heartbeats, result };
}

test('a retry goes on behind what an earlier try marked, and passes that on at once', async () => {
  const noted = { index: 1, marked: 3, conflicts: 0 };
  const { marked, heartbeats, result } = await retryMarking(noted);
  expect(marked).toEqual([7]);
  expect(heartbeats).toEqual([noted, { index: 1, marked: 4, conflicts: 0 }]);
  expect(result).toEqual({ index: 1, count: 4, conflicts: 0 });
});

test.each([
  ['nothing', undefined],
  ['another chunk', { index: 0, marked: 3, conflicts: 0 }],
  ['a conflict, whose record is not named', { index: 1, marked: 3, conflicts: 1 }],
])('a retry that knows of %s marks the whole chunk', async (_, details) => {
  const { marked, result } = await retryMarking(details);
  expect(marked).toEqual([4, 5, 6, 7]);
  expect(result).toEqual({ index: 1, count: 4, conflicts: 0 });
});
