import { STAGE_OF } from '../../../activities/createActivities';
import type { MetricEvent } from '../../../src/ports/sealingMetrics';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';
import { SEALING_ACTIVITIES } from '../../harness/sealingActivities';

const INPUT = { jobId: 'job-1', from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };

function countedDeps() {
  const events: MetricEvent[] = [];
  const metrics = { record: (event: MetricEvent) => void events.push(event) };
  return { deps: Object.assign(new FakeDeps(), { metrics }), events };
}

test('a run counts its chunks, its snapshot and the time of every stage, and no error', async () => {
  const { deps, events } = countedDeps();
  deps.logEntries(6);
  await new InProcessRun(deps).run(INPUT);
  const of = <K extends MetricEvent['kind']>(kind: K) =>
    events.filter((event): event is Extract<MetricEvent, { kind: K }> => event.kind === kind);
  expect(of('snapshot')).toEqual([{ kind: 'snapshot', recordCount: 6, lateCount: 0 }]);
  expect(of('chunk').map(({ sizeBytes }) => sizeBytes > 100)).toEqual([true, true]);
  expect(new Set(of('stage').map(({ stage }) => stage))).toEqual(
    new Set(SEALING_ACTIVITIES.map((name) => STAGE_OF[name])),
  );
  expect(of('error')).toEqual([]);
});

test('an error of a server counts by its code, whether or not the activity is repeated', async () => {
  const { deps, events } = countedDeps();
  deps.logEntries(2);
  deps.store.faults.failNext('putOnce', 'lost');
  await new InProcessRun(deps).run(INPUT);
  expect(events.filter(({ kind }) => kind === 'error')).toEqual([
    { kind: 'error', code: 'STORAGE_UNREACHABLE' },
  ]);
});
