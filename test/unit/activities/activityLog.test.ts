import { createActivities } from '../../../activities/createActivities';
import { subjectOf } from '../../../activities/activityLog';
import { MockActivityEnvironment } from '@temporalio/testing';
import { FakeDeps } from '../../harness/fakeDeps';

const WINDOW = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };

test.each([
  [{ jobId: 'day-1', window: WINDOW }, undefined, { job: 'day-1', snapshot: 'snap-day-1', window: true }],
  [{ snapshotId: 'snap-day-1', index: 3 }, { count: 5 }, { job: 'day-1', snapshot: 'snap-day-1' }],
  [{ snapshotId: 'snap-day-1' }, { window: WINDOW }, { job: 'day-1', snapshot: 'snap-day-1', window: true }],
  [{ schedule: { scheduleId: 'daily' }, target: 'x' }, null, { schedule: 'daily' }],
  [undefined, { ledgerSize: 3 }, {}],
])(
  'the line of an activity with the input %j and the output %j names what it is about',
  (input, output, named) => {
    const { window, ...others } = named as { window?: boolean };
    expect(subjectOf(input, output)).toEqual({
      ...others,
      ...(window === true ? { window: `${WINDOW.from}/${WINDOW.to}` } : {}),
    });
  },
);

const run = (attempt: number, activity: () => Promise<unknown>) =>
  new MockActivityEnvironment({ attempt }).run(activity);

test('an activity that ends writes one line, and one that fails writes its code', async () => {
  const lines: [string, object][] = [];
  const line = (facts: object, message: string) => void lines.push([message, facts]);
  const activities = createActivities(new FakeDeps(), { info: line, warn: line });
  await run(2, () => activities.releaseWindow({ snapshotId: 'snap-day-1' }));
  await expect(run(1, () => activities.signManifest({ snapshotId: 'snap-day-2' }))).rejects.toBeDefined();
  expect(lines).toEqual([
    [
      'activity completed',
      expect.objectContaining({
        activity: 'releaseWindow',
        job: 'day-1',
        attempt: 2,
        seconds: expect.any(Number),
      }),
    ],
    [
      'activity failed',
      expect.objectContaining({ activity: 'signManifest', job: 'day-2', code: expect.any(String) }),
    ],
  ]);
});
