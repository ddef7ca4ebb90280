import { readRecord } from '../../../src/evidence/recordBytes';
import { parseEntry } from '../../../src/evidence/ledgerEntry';
import type { SnapshotRow } from '../../../src/ports/snapshotRepository';
import { LedgerIndex } from '../../../src/sealing/ledgerIndex';
import { listLost, restoreEvidence } from '../../../src/sealing/restoreEvidence';
import { FakeDeps } from '../../harness/fakeDeps';
import { FakeAssetRegistry } from '../../harness/fakes/fakeAssetRegistry';
import { FakeJobStore } from '../../harness/fakes/fakeJobStore';
import { FakeRecordSource } from '../../harness/fakes/fakeRecordSource';
import { InProcessRun } from '../../harness/inProcessEngine';

const HOUR_MS = 3_600_000;
const HOURS = 3;
/** Two chunks. */
const RECORDS = 6;
const NOT_KNOWN = () => Promise.resolve(undefined);

function windowOf(hour: number) {
  const fromMs = Date.parse('2026-03-01T00:00:00.000Z') + hour * HOUR_MS;
  return { from: new Date(fromMs).toISOString(), to: new Date(fromMs + HOUR_MS - 1).toISOString() };
}

const seal = (deps: FakeDeps, hour: number, jobId = `job-${hour}`) =>
  new InProcessRun(deps, { maxAttempts: 1 }).run({ jobId, ...windowOf(hour) });

async function sealed(): Promise<FakeDeps> {
  const deps = new FakeDeps();
  for (let hour = 0; hour < HOURS; hour++) {
    deps.logEntries(RECORDS, windowOf(hour).from);
    await seal(deps, hour);
  }
  return deps;
}

/** The same bucket and key with an empty database, and with the log if it survived. */
function withoutDatabase(deps: FakeDeps, records = new FakeRecordSource()): FakeDeps {
  return Object.assign(new FakeDeps(), {
    store: deps.store,
    signer: deps.signer,
    clock: deps.clock,
    records,
    ledgerIndex: new LedgerIndex(),
  });
}

/** The log as it was before anything was marked, without the records for which `isLost`. */
function unmarkedLog(deps: FakeDeps, isLost: (id: string) => boolean = () => false): FakeRecordSource {
  const log = new FakeRecordSource();
  for (const id of deps.records.ids()) {
    if (isLost(id)) continue;
    const { bytes } = readRecord(deps.records.read(id)!);
    const marks = Buffer.from([8, ...Buffer.from('immutable\0'), 0, 0]);
    const unmarked = Buffer.concat([bytes.subarray(0, -1), marks]);
    unmarked.writeInt32LE(unmarked.length, 0);
    log.addRaw(unmarked);
  }
  return log;
}

interface Options {
  readonly insert?: boolean;
  readonly dryRun?: boolean;
  readonly all?: boolean;
  readonly resultOf?: Parameters<typeof restoreEvidence>[0]['resultOf'];
}

async function restore(source: FakeDeps, deps: FakeDeps, options: Options = {}) {
  const { insert = false, dryRun = false, all = false, resultOf = NOT_KNOWN } = options;
  const entries = source.ledger.leaves.map(({ entry }) => parseEntry(entry));
  const given = Object.assign(deps, {
    restorer: deps.snapshots,
    inserter: deps.records,
    resultOf,
    ledgerIndex: new LedgerIndex(),
  });
  const ids = all ? entries.map(({ snapshotId }) => snapshotId) : await listLost(given, entries);
  return restoreEvidence(given, entries, ids, { insert, dryRun });
}

function signaturesOf(keys: readonly string[]): readonly string[] {
  return keys.filter((key) => key.endsWith('.sig'));
}

/** What evidence says of a row; the others were decided by settings that are not part of it. */
function evident(row: SnapshotRow) {
  const { leaseSequence: _lease, chunkLimits: _limits, snapshotAssetId: _asset, result, ...rest } = row;
  return { ...rest, result: { ...result, snapshotAssetId: '' } };
}

async function chunksOf({ snapshots }: FakeDeps, { snapshotId, chunkCount }: SnapshotRow) {
  const rows = await snapshots.listChunks(snapshotId, chunkCount ?? 0);
  return rows.map(({ checkpoint, ...row }) => ({ ...row, hash: checkpoint.hash }));
}

async function expectRestored(before: FakeDeps, after: FakeDeps): Promise<void> {
  for (const row of before.snapshots.snapshots.values()) {
    const { snapshotId, jobId } = row;
    const restored = (await after.snapshots.find(snapshotId))!;
    expect(evident(restored)).toEqual(evident(row));
    expect(await chunksOf(after, row)).toEqual(await chunksOf(before, row));
    expect(await after.snapshots.listMarks(snapshotId)).toEqual(await before.snapshots.listMarks(snapshotId));
    const { snapshotAssetId, ...asset } = after.assets.assets.get(snapshotId)!;
    const { snapshotAssetId: _known, ...expected } = before.assets.assets.get(snapshotId)!;
    expect(asset).toEqual(expected);
    expect([restored.snapshotAssetId, restored.result?.snapshotAssetId]).toEqual([
      snapshotAssetId,
      snapshotAssetId,
    ]);
    expect(await after.jobs.find(jobId)).toMatchObject({ status: 'succeeded', result: restored.result });
  }
  expect(after.ledger.leaves).toEqual(before.ledger.leaves);
}

describe('a database that was lost', () => {
  test('gets back rows, marks, assets, jobs and ledger, and sealing continues with the next window', async () => {
    const before = await sealed();
    const after = withoutDatabase(before, unmarkedLog(before));
    const report = await restore(before, after);
    expect(report.snapshots.map(({ marked, missing }) => [marked, missing])).toEqual(
      Array.from({ length: HOURS }, () => [RECORDS, 0]),
    );
    await expectRestored(before, after);
    for (const id of before.records.ids())
      expect(after.records.sealedBy(id)).toBe(before.records.sealedBy(id));

    const objects = before.store.keys().length;
    for (let hour = 0; hour < HOURS; hour++)
      expect(await seal(after, hour)).toMatchObject({ recordCount: RECORDS, ledgerIndex: hour });
    expect(before.store.keys()).toHaveLength(objects);
    after.logEntries(RECORDS, windowOf(HOURS).from);
    expect(await seal(after, HOURS)).toMatchObject({ recordCount: RECORDS, ledgerIndex: HOURS });
  });

  test('cannot be sealed again before it is restored: SNAPSHOT_LOST, and nothing is stored or marked', async () => {
    const before = await sealed();
    const after = withoutDatabase(before, unmarkedLog(before));
    const keys = before.store.keys();
    await expect(seal(after, 1)).rejects.toMatchObject({ type: 'SNAPSHOT_LOST' });
    await expect(seal(after, 1, 'other-job')).rejects.toMatchObject({ type: 'LEDGER_BEHIND' });
    expect(signaturesOf(before.store.keys())).toEqual(signaturesOf(keys));
    expect((await after.leases.list()).map(({ signing }) => signing)).toEqual([]);
    expect(after.records.ids().filter((id) => after.records.sealedBy(id) !== undefined)).toEqual([]);
    await restore(before, after);
    await expectRestored(before, after);
  });

  test('keeps the asset ids that Temporal or the rows of jobs still have', async () => {
    const before = await sealed();
    const after = withoutDatabase(before, unmarkedLog(before));
    const results = new Map([...before.jobs.jobs].map(([jobId, { result }]) => [jobId, result ?? undefined]));
    after.jobs.jobs.set('job-0', before.jobs.jobs.get('job-0')!);
    await restore(before, after, {
      resultOf: async (jobId) => (jobId === 'job-0' ? undefined : results.get(jobId)),
    });
    for (const [snapshotId, { snapshotAssetId }] of before.assets.assets)
      expect(after.assets.assets.get(snapshotId)?.snapshotAssetId).toBe(snapshotAssetId);
  });

  test('reports the records that the log lost, and inserts them marked only when it is asked to', async () => {
    const before = await sealed();
    const ids = before.records.ids().filter((id) => before.records.sealedBy(id) === 'snap-job-1');
    const after = withoutDatabase(
      before,
      unmarkedLog(before, (id) => ids.includes(id)),
    );
    const report = await restore(before, after);
    expect(report.snapshots[1]).toMatchObject({ marked: 0, missing: RECORDS, inserted: 0 });
    expect((await after.snapshots.find('snap-job-1'))?.result?.conflictCount).toBe(RECORDS);
    expect(ids.map((id) => after.records.read(id))).toEqual(ids.map(() => undefined));

    const again = withoutDatabase(
      before,
      unmarkedLog(before, (id) => ids.includes(id)),
    );
    const inserted = await restore(before, again, { insert: true });
    expect(inserted.snapshots[1]).toMatchObject({ marked: 0, missing: 0, inserted: RECORDS });
    for (const id of ids)
      expect(readRecord(again.records.read(id)!).bytes).toEqual(readRecord(before.records.read(id)!).bytes);
    await expectRestored(before, again);
    // The records that were only reported can be inserted later.
    const later = await restore(before, after, { insert: true, all: true });
    expect(later.snapshots.map(({ inserted: count }) => count)).toEqual([0, RECORDS, 0]);
  });

  test('does not miss records that the log keeps no longer', async () => {
    const before = await sealed();
    const after = withoutDatabase(before);
    Object.assign(after, { settings: { ...after.settings, logRetentionMs: HOUR_MS } });
    const report = await restore(before, after, { insert: true });
    expect(report.snapshots[0]).toMatchObject({ missing: 0, inserted: 0, removed: RECORDS });
    expect(after.records.ids()).toEqual([]);
  });

  test('is not changed by a dry run', async () => {
    const before = await sealed();
    const after = withoutDatabase(before, unmarkedLog(before));
    const report = await restore(before, after, { dryRun: true });
    expect(report).toMatchObject({ ledger: null });
    expect(report.snapshots).toHaveLength(HOURS);
    expect([after.snapshots.snapshots.size, after.assets.assets.size, after.jobs.jobs.size]).toEqual([
      0, 0, 0,
    ]);
    expect(after.records.ids().filter((id) => after.records.sealedBy(id) !== undefined)).toEqual([]);
  });

  test('is restored completely after a restore that was interrupted at any write', async () => {
    const before = await sealed();
    const plans = [
      ['snapshots', ['putChunk', 'putSnapshot']],
      ['records', ['updateLogImmutability', 'countUnsealed']],
      ['assets', ['registerAsset']],
      ['jobs', ['ensure', 'report']],
      ['leases', ['finish']],
      ['ledger', ['replaceAll']],
    ] as const;
    for (const [port, methods] of plans)
      for (const method of methods)
        for (const kind of ['lost', 'unacknowledged'] as const) {
          const after = withoutDatabase(before, unmarkedLog(before));
          (after[port].faults as { failCall(method: string, nth: number, kind: string): void }).failCall(
            method,
            method === 'replaceAll' ? 1 : 2,
            kind,
          );
          await expect(restore(before, after)).rejects.toThrow(/as planned/);
          await restore(before, after);
          await expectRestored(before, after);
        }
  });
});

describe('a database that was restored to an older state', () => {
  test('gets back the snapshots since then, and what it has stays as it is', async () => {
    const before = await sealed();
    const after = withoutDatabase(before, unmarkedLog(before));
    await restore(before, after);
    const kept = await after.snapshots.find('snap-job-0');
    const assets = new FakeAssetRegistry();
    for (const [id, asset] of after.assets.assets) if (id === 'snap-job-0') assets.assets.set(id, asset);
    const older = Object.assign(after, { assets, jobs: new FakeJobStore() });
    older.snapshots.snapshots.delete('snap-job-1');
    older.snapshots.snapshots.delete('snap-job-2');
    older.ledger.leaves = older.ledger.leaves.slice(0, 1);

    const report = await restore(before, older);
    expect(report.snapshots.map(({ snapshotId }) => snapshotId)).toEqual(['snap-job-1', 'snap-job-2']);
    expect(await older.snapshots.find('snap-job-0')).toBe(kept);
    expect(older.ledger.leaves).toEqual(before.ledger.leaves);
  });

  test('in which a job was open gets the end of this job, and its lease ends', async () => {
    const before = await sealed();
    const after = withoutDatabase(before, unmarkedLog(before));
    const row = before.snapshots.snapshots.get('snap-job-2')!;
    await after.snapshots.open({ ...row, openedAt: '2026-05-01T00:00:00.000Z' });
    await after.jobs.ensure({ jobId: 'job-2', ...row.window }, 1);
    const { snapshotId, window } = row;
    await after.leases.acquire({ snapshotId, window, workflowId: 'audit-snapshot/job-2', asOf: 0 });
    await after.leases.beginSigning(snapshotId);
    await restore(before, after);
    await expectRestored(before, after);
    expect(await after.leases.list()).toEqual([]);
  });

  test('gets back late records with the windows that they were late for', async () => {
    const before = await sealed();
    before.logEntries(2, '2026-03-01T00:30:00.000Z');
    await expect(seal(before, 0, 'late')).resolves.toMatchObject({ recordCount: 2 });
    const after = withoutDatabase(before, unmarkedLog(before));
    const resultOf = async (jobId: string) => before.jobs.jobs.get(jobId)?.result ?? undefined;
    await restore(before, after, { resultOf });
    await expectRestored(before, after);
    expect((await after.snapshots.find('snap-late'))?.overlaps).toHaveLength(1);
  });
});

test('a database without a loss is not changed', async () => {
  const deps = await sealed();
  const rows = [...deps.snapshots.snapshots.values()];
  const report = await restore(deps, deps);
  expect(report).toEqual({
    snapshots: [],
    reopened: [],
    ledger: { size: HOURS, restored: 0, removed: 0, reason: null },
  });
  expect([...deps.snapshots.snapshots.values()]).toEqual(rows);
});

test('a database of another origin is refused, and nothing is written', async () => {
  const before = await sealed();
  const after = withoutDatabase(before);
  Object.assign(after, { settings: { ...after.settings, origin: 'other.example/audit' } });
  await expect(restore(before, after)).rejects.toMatchObject({ code: 'ORIGIN_MISMATCH' });
  expect([after.snapshots.snapshots.size, after.jobs.jobs.size, after.ledger.leaves]).toEqual([0, 0, []]);
});
