import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workflowIdOf } from '../../src/contract/names';
import { bundleNextVersion } from '../chaos/nextVersionBundle';
import { findViolations } from '../harness/invariants';
import { dayWindow } from '../harness/faultPoints';
import { readQuiescentState } from '../harness/quiescentState';
import { WorkerHarness } from '../harness/workerHarness';

const RECORDS = 7;
/** `EventType` of Temporal's API: a patch that was taken. */
const EVENT_TYPE_MARKER_RECORDED = 25;

describe('a worker that is upgraded in the middle of a run', () => {
  const begun = { jobId: 'begun-before', ...dayWindow(0) };
  const later = { jobId: 'begun-after', ...dayWindow(1) };
  let harness: WorkerHarness;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'audit-snapshot-upgrade-'));
    harness = await WorkerHarness.open({ AUDIT_CHUNK_RECORDS: '3' });
    await harness.log(RECORDS, begun);
    await harness.log(RECORDS, later, 1);
  }, 300_000);

  afterAll(async () => {
    await harness.close();
    await rm(folder, { recursive: true });
  });

  async function markersOf(jobId: string): Promise<number> {
    const { events } = await harness.client.workflow.getHandle(workflowIdOf(jobId)).fetchHistory();
    return (events ?? []).filter(({ eventType }) => Number(eventType) === EVENT_TYPE_MARKER_RECORDED).length;
  }

  test('a run that began before an upgrade is finished by the new version along its old path', async () => {
    const former = await harness.startWorker();
    const held = harness.activities.hold(begun.jobId, 'sealManifest', 'before');
    const run = await harness.snapshots.start(begun);
    await held.reached();
    const stopped = former.stop();
    // It takes no more tasks, and ends when its activity has ended.
    held.release();
    await stopped;
    const codePath = await bundleNextVersion(folder);
    await harness.startWorker({ workflowBundle: { codePath } });
    await expect(run.result()).resolves.toMatchObject({ recordCount: RECORDS, findingCount: 0 });
    expect(await markersOf(begun.jobId)).toBe(0);
  }, 300_000);

  test('a run that begins after an upgrade takes the path of the new version', async () => {
    await expect(harness.seal(later)).resolves.toMatchObject({ recordCount: RECORDS });
    expect(await markersOf(later.jobId)).toBe(1);
  }, 60_000);

  test('runs around an upgrade violate no invariant', async () => {
    const window = { from: begun.from, to: later.to };
    const scope = { env: harness.env, window, jobs: [begun.jobId, later.jobId] };
    expect(await findViolations(await readQuiescentState(scope))).toEqual([]);
  });
});
