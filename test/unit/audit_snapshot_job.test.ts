import type { AuditSnapshotInput } from '../../src/contract/snapshot';
import { snapshotIdOf } from '../../src/contract/names';
import { parseManifest } from '../../src/evidence/manifest';
import { manifestKey } from '../../src/evidence/objectKeys';
import { handleAuditSnapshotJob, type SnapshotStarter } from '../../src/jobs/handlers/auditSnapshotHandler';
import { FakeDeps } from '../harness/fakeDeps';
import { InProcessRun } from '../harness/inProcessEngine';

/** Handler, orchestration and activities are the real ones; only the servers are in memory. */
const JOB = {
  _id: '65f0c0ffee65f0c0ffee65f0',
  type: 'audit.snapshot',
  payload: { from: '2026-03-01T00:00:00Z', to: '2026-03-01T23:59:59.999Z' },
};

function setUp() {
  const deps = new FakeDeps();
  const snapshots: SnapshotStarter = {
    start: (input: AuditSnapshotInput) => {
      const ended = new InProcessRun(deps).run(input);
      return Promise.resolve({ result: () => ended });
    },
  };
  const handle = () => handleAuditSnapshotJob(JOB, { snapshots, nowMs: () => deps.clock.nowMs() });
  return { deps, handle };
}

describe('handleAuditSnapshotJob', () => {
  test('T71.1 with logs in the window it signs, registers the asset, then marks, and returns the asset id', async () => {
    const { deps, handle } = setUp();
    const order: string[] = [];
    deps.signer.faults.onCall = (method) => void order.push(`signer.${method}`);
    deps.assets.faults.onCall = (method) => void order.push(`assetService.${method}`);
    deps.records.faults.onCall = (method) => void order.push(`auditService.${method}`);
    deps.jobs.faults.onCall = (method) => void order.push(`jobs.${method}`);
    deps.logEntries(6);

    const result = await handle();

    const [asset] = [...deps.assets.assets.values()];
    expect(result).toEqual({ snapshotAssetId: asset!.snapshotAssetId, recordCount: 6 });
    const writes = order.filter((call) => !/listKeys|scan|countUnsealed|countLeftOut|ensure|find/.test(call));
    expect(writes).toEqual([
      // tried before signing begins
      'signer.sign',
      'signer.sign',
      'signer.sign',
      'assetService.registerAsset',
      // the ledger's checkpoint
      'signer.sign',
      'auditService.updateLogImmutability',
      'auditService.updateLogImmutability',
      'auditService.recordSnapshotCreated',
      'jobs.report',
    ]);
  });

  test('T71.1 the asset carries the signature over the manifest, and the job is reported as succeeded', async () => {
    const { deps, handle } = setUp();
    deps.logEntries(6);
    const { snapshotAssetId } = await handle();
    const snapshotId = snapshotIdOf(JOB._id);
    const signature = (await deps.store.get(`${manifestKey(snapshotId)}.sig`, 100))!.body.toString();
    expect(deps.assets.assets.get(snapshotId)).toMatchObject({ snapshotAssetId, signedHash: signature });
    expect(deps.jobs.jobs.get(JOB._id)).toMatchObject({
      status: 'succeeded',
      result: { snapshotAssetId, recordCount: 6, findingCount: 0, conflictCount: 0, lateCount: 0 },
    });
  });

  test('T71.2 without logs in the window recordCount is 0, the asset is NONE, and nothing is marked', async () => {
    const { deps, handle } = setUp();
    const outside = deps.logEntries(3, '2026-03-02T00:00:00.000Z');
    await expect(handle()).resolves.toEqual({ snapshotAssetId: 'NONE', recordCount: 0 });
    expect(outside.map((id) => deps.records.sealedBy(id))).toEqual([undefined, undefined, undefined]);
    expect(deps.assets.assets.size).toBe(0);
    const { recordCount, chunks } = parseManifest(
      (await deps.store.get(manifestKey(snapshotIdOf(JOB._id)), 10_000))!.body,
    );
    expect({ recordCount, chunks }).toEqual({ recordCount: 0, chunks: [] });
  });

  test('T71.3 every log of the window is marked immutable exactly once, and no other', async () => {
    const { deps, handle } = setUp();
    const inside = deps.logEntries(11);
    const outside = [
      ...deps.logEntries(1, '2026-02-28T23:59:59.999Z'),
      ...deps.logEntries(1, '2026-03-02T00:00:00.000Z'),
    ];
    await handle();
    const snapshotId = snapshotIdOf(JOB._id);
    expect(inside.map((id) => deps.records.sealedBy(id))).toEqual(inside.map(() => snapshotId));
    expect(inside.map((id) => deps.records.markCounts.get(id))).toEqual(inside.map(() => 1));
    expect(outside.map((id) => deps.records.sealedBy(id))).toEqual([undefined, undefined]);
  });

  test('T71.3 both ends of the window are inclusive', async () => {
    const { deps, handle } = setUp();
    const ends = [
      ...deps.logEntries(1, '2026-03-01T00:00:00.000Z'),
      ...deps.logEntries(1, '2026-03-01T23:59:59.999Z'),
    ];
    await expect(handle()).resolves.toMatchObject({ recordCount: 2 });
    expect(ends.map((id) => deps.records.sealedBy(id))).toEqual(ends.map(() => snapshotIdOf(JOB._id)));
  });

  test('a job that is handled twice gives the same result, and nothing is written again', async () => {
    const { deps, handle } = setUp();
    deps.logEntries(6);
    const first = await handle();
    const keys = deps.store.keys();
    const marks = [...deps.records.markCounts.values()];
    await expect(handle()).resolves.toEqual(first);
    expect(deps.store.keys()).toEqual(keys);
    expect(keys.map((key) => deps.store.versions(key).length)).toEqual(keys.map(() => 1));
    expect([...deps.records.markCounts.values()]).toEqual(marks);
    expect(deps.assets.assets.size).toBe(1);
  });

  test.each([
    [
      'a window that ends before its start',
      { from: '2026-03-02T00:00:00Z', to: '2026-03-01T00:00:00Z' },
      'WINDOW_INVALID',
    ],
    [
      'a window without an offset',
      { from: '2026-03-01T00:00:00', to: '2026-03-02T00:00:00Z' },
      'WINDOW_INVALID',
    ],
    [
      'a window in the future',
      { from: '2026-03-01T00:00:00Z', to: '2126-03-01T00:00:00Z' },
      'WINDOW_INVALID',
    ],
    ['a missing member', { from: '2026-03-01T00:00:00Z' }, 'PAYLOAD_INVALID'],
    ['an unknown member', { ...JOB.payload, collection: 'x' }, 'PAYLOAD_INVALID'],
  ])('%s is refused before anything is written', async (_, payload, code) => {
    const { deps } = setUp();
    const start = jest.fn();
    const job = { ...JOB, payload: payload as typeof JOB.payload };
    const handled = async () =>
      handleAuditSnapshotJob(job, { snapshots: { start }, nowMs: () => deps.clock.nowMs() });
    await expect(handled()).rejects.toMatchObject({ code });
    expect(start).not.toHaveBeenCalled();
  });
});
