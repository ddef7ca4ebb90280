import { AsyncResource } from 'node:async_hooks';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createActivities } from '../../../activities/createActivities';
import { FakeDeps } from '../../harness/fakeDeps';

const WINDOW = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const SNAPSHOT = { snapshotId: 'snap-job-1' };
const CANCELLED = { status: 'cancelled', code: 'JOB_CANCELLED', reason: 'cancelled' } as const;

const SCHEDULE = { scheduleId: 'hourly', everySeconds: 3600, startAt: WINDOW.from } as const;
const TARGET = '2026-03-01T01:00:00.000Z';

/** One input for each activity that waits for a server; the first server that it calls never answers here. */
const INPUTS = {
  openSnapshot: { jobId: 'job-1', window: WINDOW, onTamper: 'seal' },
  queryBatch: { ...SNAPSHOT, index: 0, cursor: { after: null, sliceMs: 1000 } },
  hashBatch: { ...SNAPSHOT },
  sealManifest: { ...SNAPSHOT, chunkCount: 1 },
  signManifest: SNAPSHOT,
  registerAsset: SNAPSHOT,
  appendToLedger: SNAPSHOT,
  markImmutable: { ...SNAPSHOT, index: 0 },
  recordSnapshot: SNAPSHOT,
  reportJob: { jobId: 'job-1', window: WINDOW, outcome: CANCELLED },
  releaseWindow: SNAPSHOT,
  nextWindow: { schedule: SCHEDULE, target: TARGET, sealed: null },
  nextLate: { schedule: SCHEDULE, target: TARGET, firstSealed: null },
  awaitSnapshot: { jobId: 'job-1' },
} as const;

const silent = <T extends object>(port: T): T =>
  new Proxy(port, { get: () => () => new Promise(() => undefined) });

/** Servers that accepted the request and went silent. */
class SilentDeps extends FakeDeps {
  constructor() {
    super();
    Object.assign(this, {
      snapshots: silent(this.snapshots),
      leases: silent(this.leases),
      jobs: silent(this.jobs),
      workflowStatus: silent(this.workflowStatus),
    });
  }
}

describe('activities that wait for a server', () => {
  const ticks: { readonly beat: () => void; readonly everyMs: number }[] = [];

  beforeEach(() => {
    ticks.length = 0;
    // Jest's own fake timers call back outside of the activity's context, where heartbeat() does not work.
    jest.spyOn(global, 'setInterval').mockImplementation(((beat: () => void, everyMs: number) => {
      ticks.push({ beat: AsyncResource.bind(beat), everyMs });
    }) as unknown as typeof setInterval);
  });

  afterEach(() => jest.restoreAllMocks());

  test.each(Object.keys(INPUTS) as (keyof typeof INPUTS)[])(
    '%s heartbeats while a server does not answer, several times within its heartbeat timeout',
    async (name) => {
      const environment = new MockActivityEnvironment({ attempt: 1 });
      let beats = 0;
      environment.on('heartbeat', () => beats++);
      const activity = createActivities(new SilentDeps())[name] as (input: unknown) => Promise<unknown>;
      void environment.run(activity, INPUTS[name]);
      await new Promise(setImmediate);
      expect(ticks).toHaveLength(1);
      expect(ticks[0]!.everyMs).toBeLessThanOrEqual(3_000);
      ticks[0]!.beat();
      expect(beats).toBe(1);
    },
  );
});
