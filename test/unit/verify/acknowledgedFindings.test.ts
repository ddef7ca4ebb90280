import { mongo } from 'mongoose';
import {
  acknowledgementEntry,
  acknowledgementId,
  type Acknowledgement,
} from '../../../src/evidence/acknowledgement';
import { parseEntry, type LedgerEntry } from '../../../src/evidence/ledgerEntry';
import { makeTrustFile } from '../../../src/evidence/trustFile';
import { buildEntry } from '../../../src/services/auditEntry';
import { bucketReader } from '../../../src/verify/evidenceReaders';
import { readFindings, type SnapshotFindings } from '../../../src/verify/findingStates';
import { verifyEvidence, type EvidenceReport } from '../../../src/verify/verifyEvidence';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';

const DAY_ONE = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const DAY_TWO = { from: '2026-03-02T00:00:00.000Z', to: '2026-03-02T23:59:59.999Z' };
const SNAPSHOT = 'snap-one';
const IDS = ['697d3a000000000000000001', '697d3a000000000000000002'] as const;

/** A log whose first day is sealed with five records, two of which have a wrong hash. */
async function sealedFindings(): Promise<FakeDeps> {
  const deps = new FakeDeps();
  deps.logEntries(3);
  for (const id of IDS)
    deps.records.add({
      _id: new mongo.ObjectId(id),
      timestamp: new Date(DAY_ONE.from),
      hash: 'f'.repeat(64),
      immutable: false,
    });
  await new InProcessRun(deps).run({ jobId: 'one', ...DAY_ONE });
  return deps;
}

async function entriesOf(deps: FakeDeps): Promise<readonly LedgerEntry[]> {
  return (await deps.ledger.list(0, (await deps.ledger.head()).size)).map(parseEntry);
}

/** Adds the record to the second day, as the command does; returns its id. */
async function acknowledge(
  deps: FakeDeps,
  recordId: string | null,
  change: Partial<Acknowledgement> = {},
): Promise<string> {
  const [{ manifestSha256 }] = (await entriesOf(deps)) as [LedgerEntry];
  const kind = recordId === null ? null : ('hash-mismatch' as const);
  const own = { snapshotId: SNAPSHOT, manifestSha256, recordId, kind, reason: 'known', actorId: 'jonas' };
  const entry = { ...acknowledgementEntry({ ...own, ...change }), timestamp: new Date(DAY_TWO.from) };
  const id = acknowledgementId(SNAPSHOT, recordId);
  return deps.records.add(buildEntry(entry, new mongo.ObjectId(id)).document);
}

const sealDayTwo = (deps: FakeDeps) => new InProcessRun(deps).run({ jobId: 'two', ...DAY_TWO });

async function statesOf(deps: FakeDeps): Promise<SnapshotFindings> {
  const entries = await entriesOf(deps);
  const { records } = deps;
  const { members } = deps.settings.source;
  const [found] = await readFindings({ reader: bucketReader(deps.store), records, entries, members }, [
    { snapshotId: SNAPSHOT, findingCount: 2 },
  ]);
  return found!;
}

async function verify(deps: FakeDeps): Promise<EvidenceReport> {
  const trust = makeTrustFile(deps.settings.origin, await deps.signer.listKeys());
  const { report } = await verifyEvidence(bucketReader(deps.store), { trust, found: [] });
  expect(report.verdict).toBe('VERIFIED');
  return report;
}

const acknowledgedCounts = ({ snapshots }: EvidenceReport) =>
  snapshots.map(({ acknowledgedCount }) => acknowledgedCount);

test('a finding is open, then acknowledged but not sealed yet, then acknowledged by the sealed record', async () => {
  const deps = await sealedFindings();
  expect((await statesOf(deps)).counts).toEqual({ open: 2, pending: 0, acknowledged: 0 });
  const id = await acknowledge(deps, IDS[0]);
  expect((await statesOf(deps)).counts).toEqual({ open: 1, pending: 1, acknowledged: 0 });
  expect(acknowledgedCounts(await verify(deps))).toEqual([0]);

  await sealDayTwo(deps);
  const { counts, listed } = await statesOf(deps);
  expect(counts).toEqual({ open: 1, pending: 0, acknowledged: 1 });
  expect(listed[0]).toMatchObject({
    id: IDS[0],
    acknowledgement: { state: 'acknowledged', acknowledgedBy: id, sealedIn: 'snap-two', actorId: 'jonas' },
  });
  const report = await verify(deps);
  expect(report.snapshots.map(({ findingCount }) => findingCount)).toEqual([2, 0]);
  expect(acknowledgedCounts(report)).toEqual([1, 0]);
  expect(report.notes).toContain(
    `snap-one: the finding hash-mismatch of record ${IDS[0]} is acknowledged by jonas in record ${id} of snap-two: known`,
  );
});

test('one sealed record acknowledges all findings of a snapshot', async () => {
  const deps = await sealedFindings();
  const id = await acknowledge(deps, null);
  expect((await statesOf(deps)).counts).toEqual({ open: 0, pending: 2, acknowledged: 0 });
  await sealDayTwo(deps);
  const { counts, whole } = await statesOf(deps);
  expect(counts).toEqual({ open: 0, pending: 0, acknowledged: 2 });
  expect(whole).toMatchObject({ state: 'acknowledged', acknowledgedBy: id });
  const report = await verify(deps);
  expect(acknowledgedCounts(report)).toEqual([2, 0]);
  expect(report.notes.join()).toContain('snap-one: all 2 findings are acknowledged by jonas');
});

test.each([SNAPSHOT, 'snap-two', 'snap-never'])(
  'a mark that someone set makes no acknowledgement count, because no evidence contains the record: %s',
  async (owner) => {
    const deps = await sealedFindings();
    deps.logEntries(1, DAY_TWO.from);
    await sealDayTwo(deps);
    const id = await acknowledge(deps, IDS[0]);
    await deps.records.updateLogImmutability([id], owner);
    expect(deps.records.sealedBy(id)).toBe(owner);
    expect((await statesOf(deps)).counts).toEqual({ open: 1, pending: 1, acknowledged: 0 });
  },
);

test.each<[string, Partial<Acknowledgement>]>([
  ['another manifest', { manifestSha256: '0'.repeat(64) }],
  ['another kind of finding', { kind: 'hash-missing' }],
  ['another record', { recordId: '697d3a000000000000000003' }],
])('an acknowledgement of %s leaves the finding open, sealed or not', async (_what, change) => {
  const deps = await sealedFindings();
  await acknowledge(deps, IDS[0], change);
  expect((await statesOf(deps)).counts).toEqual({ open: 2, pending: 0, acknowledged: 0 });
  await sealDayTwo(deps);
  expect((await statesOf(deps)).counts).toEqual({ open: 2, pending: 0, acknowledged: 0 });
  expect(acknowledgedCounts(await verify(deps))).toEqual([0, 0]);
});

test('an acknowledgement that was changed after it was written acknowledges nothing, also when it is sealed', async () => {
  const deps = await sealedFindings();
  const id = await acknowledge(deps, IDS[0]);
  const document = mongo.BSON.deserialize(deps.records.read(id)!);
  deps.records.add({ ...document, actorId: 'mallory' });
  expect((await statesOf(deps)).counts).toEqual({ open: 2, pending: 0, acknowledged: 0 });
  await sealDayTwo(deps);
  expect((await statesOf(deps)).counts).toEqual({ open: 2, pending: 0, acknowledged: 0 });
  const report = await verify(deps);
  expect(report.snapshots.map(({ findingCount }) => findingCount)).toEqual([2, 1]);
  expect(acknowledgedCounts(report)).toEqual([0, 0]);
});

test('a sealed acknowledgement whose record is removed from the log is open in the log, and shown by the evidence', async () => {
  const deps = await sealedFindings();
  const id = await acknowledge(deps, IDS[0]);
  await sealDayTwo(deps);
  deps.records.remove(id);
  expect((await statesOf(deps)).counts).toEqual({ open: 2, pending: 0, acknowledged: 0 });
  expect(acknowledgedCounts(await verify(deps))).toEqual([1, 0]);
});

test('findings of a snapshot whose manifest the bucket does not have are open', async () => {
  const deps = await sealedFindings();
  const entries = (await entriesOf(deps)).map((entry) => ({ ...entry, manifestSha256: '0'.repeat(64) }));
  const { members } = deps.settings.source;
  const reader = bucketReader(deps.store);
  const found = await readFindings({ reader, records: deps.records, entries, members }, [
    { snapshotId: SNAPSHOT, findingCount: 2 },
    { snapshotId: 'snap-never', findingCount: 3 },
  ]);
  expect(found.map(({ counts, manifestSha256 }) => [counts.open, manifestSha256])).toEqual([
    [2, null],
    [3, null],
  ]);
});
