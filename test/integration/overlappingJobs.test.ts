import { setTimeout as pause } from 'node:timers/promises';
import { workflowIdOf } from '../../src/contract/names';
import type { AuditSnapshotInput, AuditSnapshotResult } from '../../src/contract/snapshot';
import { findViolations } from '../harness/invariants';
import { readQuiescentState } from '../harness/quiescentState';
import { WorkerHarness } from '../harness/workerHarness';

const JOBS = 20;
const RECORDS = 500;
const HOUR_MS = 3_600_000;
const FIRST_MS = Date.parse('2026-03-01T00:00:00.000Z');

/** Each window ends after all of them have begun, so that any two of them overlap. */
const INPUTS: readonly AuditSnapshotInput[] = Array.from({ length: JOBS }, (_, index) => ({
  jobId: `overlapping-${index}`,
  from: new Date(FIRST_MS + index * HOUR_MS).toISOString(),
  to: new Date(FIRST_MS + (JOBS + index) * HOUR_MS).toISOString(),
}));
const WHOLE = { from: INPUTS[0]!.from, to: INPUTS.at(-1)!.to };

describe('20 overlapping jobs at once', () => {
  let harness: WorkerHarness;
  let results: readonly AuditSnapshotResult[] = [];
  const waiting: string[] = [];

  beforeAll(async () => {
    harness = await WorkerHarness.open({ AUDIT_CHUNK_RECORDS: '100' });
    await harness.log(RECORDS, WHOLE);
    await harness.startWorker({ maxConcurrentActivityTaskExecutions: 6 });
    const started = await Promise.all(INPUTS.map((input) => harness.snapshots.start(input)));
    const ended = Promise.all(started.map((run) => run.result()));
    const over = ended.then(() => true);
    while (!(await Promise.race([over, pause(500, false)]))) waiting.push(...(await readWaiting()));
    results = await ended;
  }, 300_000);

  afterAll(() => harness.close());

  /** The last failure of the pending activities of waiting runs, as the Web UI shows it. */
  async function readWaiting(): Promise<string[]> {
    const handles = INPUTS.map(({ jobId }) => harness.client.workflow.getHandle(workflowIdOf(jobId)));
    const runs = await Promise.all(handles.map((handle) => handle.describe()));
    return runs.flatMap(({ raw }) =>
      (raw.pendingActivities ?? []).flatMap(({ lastFailure }) => {
        const type = lastFailure?.applicationFailureInfo?.type;
        return type === 'WINDOW_BUSY' ? [lastFailure!.message ?? ''] : [];
      }),
    );
  }

  test('twenty overlapping jobs all finish, and their disjoint snapshots include every record', async () => {
    expect(results.map(({ snapshotId }) => snapshotId)).toEqual(INPUTS.map(({ jobId }) => `snap-${jobId}`));
    expect(results.reduce((sum, { recordCount }) => sum + recordCount, 0)).toBe(RECORDS);
    const jobs = INPUTS.map(({ jobId }) => jobId);
    expect(await findViolations(await readQuiescentState({ env: harness.env, window: WHOLE, jobs }))).toEqual(
      [],
    );
  });

  test('a waiting job names the snapshot and the workflow that hold its window', () => {
    expect(waiting.length).toBeGreaterThan(0);
    for (const message of waiting)
      expect(message).toMatch(/is held by snap-overlapping-\d+ \(workflow audit-snapshot\/overlapping-\d+\)/);
  });
});
