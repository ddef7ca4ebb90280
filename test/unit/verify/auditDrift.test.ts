import { mongo } from 'mongoose';
import { cutRecord } from '../../../src/evidence/recordBytes';
import { verifyLedger } from '../../../src/verify/verifyLedger';
import { makeTrustFile } from '../../../src/evidence/trustFile';
import { chunkKey, manifestKey } from '../../../src/evidence/objectKeys';
import { auditDrift } from '../../../src/verify/auditDrift';
import type { DriftAuditOptions } from '../../../src/verify/driftRun';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const { BSON } = mongo;

function windowOf(hour: number) {
  const fromMs = Date.parse('2026-03-01T00:00:00.000Z') + hour * HOUR_MS;
  return { from: new Date(fromMs).toISOString(), to: new Date(fromMs + HOUR_MS - 1).toISOString() };
}

/** Three hours with eleven records each, sealed in chunks of four. */
async function setUp() {
  const deps = new FakeDeps();
  const ids: string[][] = [];
  for (const hour of [0, 1, 2]) {
    ids.push(deps.logEntries(11, windowOf(hour).from));
    await new InProcessRun(deps).run({ jobId: `job-${hour}`, ...windowOf(hour) });
  }
  const audit = async (options: Partial<DriftAuditOptions> = {}) => {
    const trust = makeTrustFile(deps.settings.origin, await deps.signer.listKeys());
    const reader = {
      read: async (key: string, version: string | undefined) =>
        (await deps.store.get(key, 1e9, version))?.body,
    };
    const { ledger } = await verifyLedger(reader, { trust, key: 'pinned' });
    const { source } = deps.settings;
    return auditDrift(deps, { ledger: ledger!, source, fromIndex: 0, lateAllowanceMs: DAY_MS, ...options });
  };
  /** Replaces the bytes of a record. */
  const alter = (id: string, change: (document: mongo.Document) => void) => {
    const document = BSON.deserialize(deps.records.read(id)!);
    change(document);
    deps.records.addRaw(BSON.serialize(document));
  };
  return { deps, ids, audit, alter };
}

const entry = (timestamp: string) => ({
  resourceType: 'invoice',
  resourceId: 'x',
  action: 'invoice.forged',
  actorId: 'mallory',
  timestamp: new Date(timestamp),
});

test('a clean log has no drift, and every sealed record was compared', async () => {
  const { audit } = await setUp();
  const result = await audit();
  expect(result).toMatchObject({ snapshots: 3, records: 33, late: 0, drifts: [], nextPlace: null });
  expect(Object.values(result.counts).every((count) => count === 0)).toBe(true);
});

test('a record that was altered, deleted, unmarked, marked otherwise, planted or backdated is named with its chunk and index', async () => {
  const { deps, ids, audit, alter } = await setUp();
  const [first, second, third] = ids as [string[], string[], string[]];
  alter(first[5]!, (document) => void (document['actorId'] = 'mallory'));
  deps.records.remove(second[2]!);
  alter(second[9]!, (document) => void (document['immutable'] = false));
  alter(third[0]!, (document) => void delete document['immutable']);
  alter(third[10]!, (document) => void (document['snapshotId'] = 'snap-job-0'));
  const planted = deps.records.log(entry(windowOf(1).from));
  alter(planted, (document) => Object.assign(document, { immutable: true, snapshotId: 'snap-job-1' }));
  const stranger = deps.records.log(entry(windowOf(2).from));
  alter(stranger, (document) => Object.assign(document, { immutable: true, snapshotId: 'snap-never' }));
  const backdated = deps.records.log(entry('2026-03-01T00:00:06.500Z'));
  const unmarkable = deps.records.log(entry('2026-03-01T02:00:03.500Z'));
  alter(unmarkable, (document) => void delete document['immutable']);

  const { drifts, counts } = await audit();
  const named = drifts.map(({ kind, snapshotId, recordId, chunk, index }) => [
    kind,
    snapshotId,
    recordId,
    chunk,
    index,
  ]);
  expect(sortedText(named)).toEqual(
    sortedText([
      ['altered', 'snap-job-0', first[5], 1, 5],
      ['deleted', 'snap-job-1', second[2], 0, 2],
      ['unmarked', 'snap-job-1', second[9], 2, 9],
      ['unmarked', 'snap-job-2', third[0], 0, 0],
      ['marked-otherwise', 'snap-job-2', third[10], 2, 10],
      ['planted', 'snap-job-1', planted, 0, null],
      ['planted', 'snap-job-2', stranger, 0, null],
      ['backdated', 'snap-job-0', backdated, 1, null],
      ['backdated', 'snap-job-2', unmarkable, 0, null],
    ]),
  );
  expect(counts).toEqual({
    altered: 1,
    deleted: 1,
    unmarked: 2,
    'marked-otherwise': 1,
    planted: 2,
    backdated: 2,
    evidence: 0,
  });
});

test('a record whose timestamp was moved out of its window is altered, and found by its id', async () => {
  const { ids, audit, alter } = await setUp();
  alter(ids[1]![4]!, (document) => void (document['timestamp'] = new Date('2020-01-01T00:00:00Z')));
  const { drifts } = await audit();
  expect(drifts).toEqual([
    { kind: 'altered', snapshotId: 'snap-job-1', recordId: ids[1]![4], chunk: 1, index: 4 },
  ]);
});

test('an unsealed record is late while it is within the allowance, and backdated after', async () => {
  const { deps, audit } = await setUp();
  deps.records.log(entry(windowOf(1).from));
  const ageMs = deps.clock.nowMs() - Date.parse(windowOf(1).from);
  await expect(audit({ lateAllowanceMs: ageMs })).resolves.toMatchObject({ late: 1, drifts: [] });
  await expect(audit({ lateAllowanceMs: ageMs - 1 })).resolves.toMatchObject({
    late: 0,
    counts: { backdated: 1 },
  });
});

test('late records that a second snapshot of the window took are not a drift of either snapshot', async () => {
  const { deps, audit } = await setUp();
  deps.records.log(entry(windowOf(1).from));
  await new InProcessRun(deps).run({ jobId: 'job-9', ...windowOf(1) });
  await expect(audit()).resolves.toMatchObject({ snapshots: 4, records: 34, drifts: [] });
});

test('an object of a snapshot that is missing or has other bytes is a drift of its own', async () => {
  const { deps, audit } = await setUp();
  deps.store.alter(chunkKey('snap-job-0', 1), Buffer.from('other bytes'));
  deps.store.alter(manifestKey('snap-job-2'), Buffer.from('{}'));
  const { drifts } = await audit();
  const evidence = drifts.filter(({ kind }) => kind === 'evidence').map(({ object }) => object);
  expect(evidence).toEqual([chunkKey('snap-job-0', 1), manifestKey('snap-job-2')]);
});

test('a drift audit ends at its time after at least one snapshot, and the next one continues there', async () => {
  const { deps, audit } = await setUp();
  const first = await audit({ untilMs: deps.clock.nowMs() });
  expect(first).toMatchObject({ snapshots: 1, nextPlace: 1 });
  await expect(audit({ fromIndex: 1 })).resolves.toMatchObject({ snapshots: 2, nextPlace: null });
});

test('only snapshots of the log time that was asked for are compared', async () => {
  const { audit } = await setUp();
  await expect(audit({ within: windowOf(1) })).resolves.toMatchObject({ snapshots: 1, records: 11 });
});

test('a record whose members are in another order is altered', async () => {
  const { deps, ids, audit } = await setUp();
  const id = ids[0]![0]!;
  const { action, ...rest } = BSON.deserialize(deps.records.read(id)!);
  deps.records.addRaw(BSON.serialize({ action, ...rest }));
  expect(cutRecord(deps.records.read(id)!)).toHaveLength(
    cutRecord(BSON.serialize({ ...rest, action })).length,
  );
  await expect(audit()).resolves.toMatchObject({ counts: { altered: 1 } });
});

function sortedText(rows: readonly (readonly unknown[])[]): string[] {
  return rows.map((row) => JSON.stringify(row)).toSorted();
}
