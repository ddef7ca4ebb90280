import { mongo } from 'mongoose';
import { parseManifest, type Manifest } from '../../../src/evidence/manifest';
import { manifestKey, manifestSignatureKey } from '../../../src/evidence/objectKeys';
import type { SnapshotRow } from '../../../src/ports/snapshotRepository';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';

const DAY = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const LATE = { jobId: 'late', ...DAY };

/** A day with three records that was sealed, and two records that arrived after it. */
async function lateDay(): Promise<FakeDeps> {
  const deps = new FakeDeps();
  deps.logEntries(3);
  await new InProcessRun(deps).run({ jobId: 'day', ...DAY });
  deps.logEntries(2, '2026-03-01T12:00:00.000Z');
  return deps;
}

function manifestOf({ store }: FakeDeps, snapshotId = 'snap-late'): Manifest {
  return parseManifest(store.versions(manifestKey(snapshotId))[0]!.body);
}

function changeRow({ snapshots }: FakeDeps, snapshotId: string, members: Partial<SnapshotRow>): void {
  snapshots.snapshots.set(snapshotId, { ...snapshots.snapshots.get(snapshotId)!, ...members });
}

const LATE_OF_TWO = { recordCount: 2, snapshots: ['snap-day'] };

describe('what a manifest says about late records', () => {
  test('follows from the published ledger', async () => {
    const deps = await lateDay();
    await new InProcessRun(deps).run(LATE);
    expect(manifestOf(deps).late).toEqual(LATE_OF_TWO);
    expect(manifestOf(deps, 'snap-day').late).toEqual({ recordCount: 0, snapshots: [] });
  });

  test.each<[string, (deps: FakeDeps) => void]>([
    ['deleting the row of the earlier snapshot', (deps) => deps.snapshots.snapshots.delete('snap-day')],
    [
      'moving the window of the earlier snapshot',
      (deps) =>
        changeRow(deps, 'snap-day', {
          window: { from: '2026-04-01T00:00:00.000Z', to: '2026-04-01T23:59:59.999Z' },
        }),
    ],
    ['making the earlier snapshot look unsigned', (deps) => changeRow(deps, 'snap-day', { signature: null })],
  ])('is not changed by %s', async (_what, attack) => {
    const deps = await lateDay();
    attack(deps);
    await new InProcessRun(deps).run(LATE);
    expect(manifestOf(deps).late).toEqual(LATE_OF_TWO);
  });

  test('is counted in the stored chunks, whatever the rows of the chunks say', async () => {
    const deps = await lateDay();
    const addChunk = deps.snapshots.addChunk.bind(deps.snapshots);
    deps.snapshots.addChunk = (row) => addChunk({ ...row, lateCount: 0 });
    await new InProcessRun(deps).run(LATE);
    expect(manifestOf(deps).late).toEqual(LATE_OF_TWO);
  });

  test.each([
    ['no overlaps', 'SNAPSHOT_SUPERSEDED', []],
    [
      'an overlap that never was',
      'SNAPSHOT_CONFLICT',
      [
        { snapshotId: 'snap-day', ...DAY },
        { snapshotId: 'snap-x', ...DAY },
      ],
    ],
  ])('is not signed when the row of the snapshot was given %s: %s', async (_what, type, overlaps) => {
    const deps = await lateDay();
    const run = new InProcessRun(deps, {
      before: (name) => (name === 'sealManifest' ? changeRow(deps, 'snap-late', { overlaps }) : undefined),
    });
    await expect(run.run(LATE)).rejects.toMatchObject({ type });
    expect(deps.store.keys()).not.toContain(manifestSignatureKey('snap-late'));
    expect(await deps.leases.find('snap-late')).toBeUndefined();
  });

  test('a window that a signed snapshot outside of the ledger overlaps is not opened', async () => {
    const deps = await lateDay();
    changeRow(deps, 'snap-day', {});
    const row = deps.snapshots.snapshots.get('snap-day')!;
    deps.snapshots.snapshots.set('snap-other', { ...row, snapshotId: 'snap-other', jobId: 'other' });
    await expect(new InProcessRun(deps).run(LATE)).rejects.toMatchObject({
      type: 'SNAPSHOT_CONFLICT',
      message: expect.stringContaining('snap-other'),
    });
  });
});

describe('a record that the evidence contains', () => {
  test.each([
    ['whose mark is lost', 'after'],
    ['that could not be marked', 'during'],
  ])('and %s is not sealed again', async (_what, when) => {
    const deps = new FakeDeps();
    const [first = '', ...others] = deps.logEntries(6);
    const mark = deps.records.updateLogImmutability.bind(deps.records);
    if (when === 'during')
      deps.records.updateLogImmutability = async (ids, snapshotId) => {
        const marked = ids.filter((id) => id !== first);
        const { conflicts } = await mark(marked, snapshotId);
        return { conflicts: ids.includes(first) ? [first, ...conflicts] : conflicts };
      };
    const unmarked = deps.records.read(first)!;
    const result = await new InProcessRun(deps).run({ jobId: 'day', ...DAY });
    expect(result.conflictCount).toBe(when === 'during' ? 1 : 0);
    deps.records.addRaw(unmarked);
    const [late = ''] = deps.logEntries(1, '2026-03-01T00:00:02.500Z');
    await expect(new InProcessRun(deps).run(LATE)).resolves.toMatchObject({ recordCount: 1 });
    expect(deps.records.sealedBy(late)).toBe('snap-late');
    expect(manifestOf(deps).recordCount).toBe(1);
    await expect(new InProcessRun(deps).run({ ...LATE, jobId: 'later' })).resolves.toMatchObject({
      recordCount: 0,
    });
    expect(others).toHaveLength(5);
  });

  test('is found although many of them fill a page of the query', async () => {
    const deps = new FakeDeps();
    const ids = deps.logEntries(10);
    const unmarked = ids.map((id) => deps.records.read(id)!);
    await new InProcessRun(deps).run({ jobId: 'day', ...DAY });
    for (const bytes of unmarked) deps.records.addRaw(bytes);
    const late = deps.logEntries(3, '2026-03-01T00:00:03.500Z');
    await expect(new InProcessRun(deps).run(LATE)).resolves.toMatchObject({ recordCount: 3 });
    expect(late.map((id) => deps.records.sealedBy(id))).toEqual(late.map(() => 'snap-late'));
    expect(mongo.BSON.deserialize(deps.records.read(ids[0]!)!)['immutable']).toBe(false);
  });
});
