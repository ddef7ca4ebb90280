import { BSON, ObjectId } from 'bson';
import type { Manifest } from '../../../src/evidence/manifest';
import { entryOf } from '../../../src/evidence/ledgerEntry';
import { manifestKey } from '../../../src/evidence/objectKeys';
import { sha256Hex } from '../../../src/tlog/sha256';
import type { Verdict } from '../../../src/verify/report';
import { verifyEvidence, type EvidenceReport } from '../../../src/verify/verifyEvidence';
import {
  auditRecord,
  auditRecords,
  evidenceKey,
  hashedRecord,
  makeEvidence,
  readerOf,
  signEvidence,
  type Evidence,
} from '../../harness/evidence';
import { runCheckProgram, type CheckedEvidence } from '../../harness/checkProgram';
import { ledgerObjects } from '../../harness/ledger';

/** A signer that lies: everything here is signed by the pinned key, and only one thing is not true. */
const KEY = evidenceKey(1);
const DAY = { from: '2026-01-31T00:00:00.000Z', to: '2026-01-31T23:59:59.999Z' };

const sign = (evidence: Evidence, manifest: Manifest): Evidence => ({
  ...evidence,
  manifest,
  objects: new Map([...evidence.objects, ...signEvidence(manifest, KEY)]),
});

/** Everything that was verified, for the program that was written from the page alone. */
const judged: (CheckedEvidence & { readonly verdict: Verdict; readonly test: string })[] = [];

/** The report on snapshots in one ledger, in this order. */
async function verify(...snapshots: readonly Evidence[]): Promise<EvidenceReport> {
  const entries = snapshots.map(({ manifest, objects }) =>
    entryOf(manifest, sha256Hex(objects.get(manifestKey(manifest.snapshotId))!)),
  );
  const objects = new Map([...snapshots.flatMap((one) => [...one.objects]), ...ledgerObjects(entries, KEY)]);
  const found = snapshots.map(({ manifest }) => manifest.snapshotId);
  const { trust } = snapshots[0]!;
  const { report } = await verifyEvidence(readerOf(objects), { trust, found });
  judged.push({ objects, trust, verdict: report.verdict, test: expect.getState().currentTestName! });
  return report;
}

const snapshotOf = (records: readonly Buffer[], jobId = 'job-1', late?: Manifest['late']) =>
  makeEvidence({ records, chunkRecords: 3, key: KEY, jobId, ...(late ? { late } : {}) });

const failuresOf = ({ snapshots }: EvidenceReport) =>
  snapshots.flatMap(({ failures }) => failures.map(({ layer, found }) => `${layer}: ${found}`));

const timed = (id: unknown, timestamp: unknown, members = {}) =>
  hashedRecord({ _id: id, ...(timestamp === undefined ? {} : { timestamp }), ...members });
const noon = (ms: number) => new Date(Date.parse('2026-01-31T12:00:00.000Z') + ms);

/** A record whose member `timestamp` has two values. */
function twice(id: number, first: unknown, second: unknown): Buffer {
  const bytes = Buffer.concat([
    BSON.serialize({ _id: id, timestamp: first }).subarray(0, -1),
    BSON.serialize({ timestamp: second }).subarray(4),
  ]);
  bytes.writeInt32LE(bytes.length);
  return bytes;
}

test.each<[string, readonly Buffer[]]>([
  [
    'records of one instant in the order of their ids',
    [timed(1, noon(0)), timed('a', noon(0)), timed(true, noon(0))],
  ],
  ['a record whose second time is in another year', [twice(1, noon(0), new Date(0))]],
  ['records at both ends of the window', [timed(1, new Date(DAY.from)), timed(2, new Date(DAY.to))]],
])('a snapshot with %s is VERIFIED', async (_, records) => {
  const report = await verify(await snapshotOf(records));
  expect([report.verdict, failuresOf(report)]).toEqual(['VERIFIED', []]);
});

test.each<[string, readonly Buffer[], string]>([
  [
    'a record of another year',
    [timed(1, noon(0)), timed(2, new Date('2031-01-31T12:00:00.000Z'))],
    'records: 2031-01-31T12:00:00.000Z',
  ],
  [
    'a record one millisecond before the window',
    [timed(1, new Date('2026-01-30T23:59:59.999Z'))],
    'records: 2026-01-30T23:59:59.999Z',
  ],
  [
    'a record one millisecond after the window',
    [timed(1, new Date('2026-02-01T00:00:00.000Z'))],
    'records: 2026-02-01T00:00:00.000Z',
  ],
  ['a record without a time', [timed(1, noon(0)), timed(2, undefined)], 'records: no time'],
  [
    'a record whose time is text',
    [timed(1, '2026-01-31T12:00:00.000Z')],
    'records: a time that is not a date',
  ],
  ['a record whose time is an array of dates', [timed(1, [noon(0)])], 'records: a time that is not a date'],
  [
    'a record whose first time is in another year',
    [twice(1, new Date(0), noon(0))],
    'records: 1970-01-01T00:00:00.000Z',
  ],
  ['a record whose first time is text', [twice(1, 'x', noon(0))], 'records: a time that is not a date'],
  [
    'records in the wrong order of time',
    [timed(1, noon(1)), timed(2, noon(0))],
    'records: 2026-01-31T12:00:00.000Z bson:10:02000000',
  ],
  [
    'records of one instant in the wrong order of ids',
    [timed(2, noon(0)), timed(1, noon(0))],
    'records: 2026-01-31T12:00:00.000Z bson:10:01000000',
  ],
  [
    'ids of types in the wrong order',
    [timed('a', noon(0)), timed(1, noon(0))],
    'records: 2026-01-31T12:00:00.000Z bson:10:01000000',
  ],
  [
    'the wrong order across chunks',
    [...[0, 1, 3].map((ms) => timed(ms, noon(0))), timed(2, noon(0))],
    'records: 2026-01-31T12:00:00.000Z bson:10:02000000',
  ],
  [
    'one record twice in a row',
    [timed(1, noon(0)), timed(1, noon(0))],
    'records: 2026-01-31T12:00:00.000Z bson:10:01000000',
  ],
  [
    'one id at two times',
    [timed(1, noon(0)), timed(2, noon(1)), timed(3, noon(2)), timed(1, noon(3))],
    'records: another record of this snapshot with the same id',
  ],
  ['a record without an id', [hashedRecord({ timestamp: noon(0) })], 'records: none'],
])('a signed snapshot with %s is NOT VERIFIED', async (_, records, failure) => {
  const honest = await snapshotOf([timed(0, noon(0))]);
  const lie = await makeEvidence({ records, chunkRecords: 3, key: KEY });
  const report = await verify({ ...lie, trust: honest.trust });
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(failuresOf(report)).toContain(failure);
});

test.each<[string, (manifest: Manifest) => Partial<Manifest>, string]>([
  [
    'an opening before the end of its window',
    () => ({ openedAt: '2026-01-31T23:49:59.998Z' }),
    'manifest: openedAt 2026-01-31T23:49:59.998Z',
  ],
  [
    'a retention that ends when it was opened',
    ({ openedAt: until }) => ({ retention: { mode: 'COMPLIANCE', until } }),
    'manifest: until 2026-02-01T00:00:05.000Z',
  ],
  [
    'late records that were not late',
    ({ late }) => ({ late: { ...late, recordCount: 1 } }),
    'late records: late.recordCount 1',
  ],
  [
    'an earlier snapshot that the ledger does not have',
    ({ late }) => ({ late: { ...late, snapshots: ['snap-job-0'] } }),
    'late records: late.snapshots [snap-job-0]',
  ],
  ['another size of a chunk', withChunk(({ bytes }) => ({ bytes: bytes + 1 })), 'stored bytes: 211 bytes'],
  [
    'a false time of its first record',
    withChunk(({ first }) => ({ first: { ...first, timestamp: DAY.from } })),
    'chunks: 2 records from 2026-01-31T00:00:01.000Z 000000000000000000000001 to 2026-01-31T00:00:02.000Z 000000000000000000000002',
  ],
  [
    'a false time of its last record',
    withChunk(({ last }) => ({ last: { ...last, timestamp: DAY.to } })),
    'chunks: 2 records from 2026-01-31T00:00:01.000Z 000000000000000000000001 to 2026-01-31T00:00:02.000Z 000000000000000000000002',
  ],
  [
    'another name of the time',
    ({ source }) => ({ source: { ...source, members: { ...source.members, time: 'when' } } }),
    'records: no time',
  ],
  [
    'another name of the hash',
    ({ source }) => ({ source: { ...source, members: { ...source.members, hash: 'digest' } } }),
    'record hashes: hash-missing',
  ],
  [
    'a member of its records as the mark',
    ({ source }) => ({ source: { ...source, members: { ...source.members, immutable: 'actor' } } }),
    'chunks: sealing members',
  ],
])('a signed manifest with %s is NOT VERIFIED', async (_, change, failure) => {
  const honest = await snapshotOf([auditRecord(1), auditRecord(2)]);
  expect((await verify(honest)).verdict).toBe('VERIFIED');
  const report = await verify(sign(honest, { ...honest.manifest, ...change(honest.manifest) }));
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(failuresOf(report)).toContain(failure);
});

test('a snapshot may be opened ten minutes before the end of its window, because clocks differ', async () => {
  const honest = await snapshotOf([auditRecord(1)]);
  const early = sign(honest, { ...honest.manifest, openedAt: '2026-01-31T23:49:59.999Z' });
  expect((await verify(early)).verdict).toBe('VERIFIED');
});

const LATE = { recordCount: 2, snapshots: ['snap-job-1'] };

test('a snapshot of late records that names the one before it is VERIFIED', async () => {
  const report = await verify(
    await snapshotOf(auditRecords(4)),
    await snapshotOf(auditRecords(2, 4), 'job-2', LATE),
  );
  expect([report.verdict, failuresOf(report)]).toEqual(['VERIFIED', []]);
});

test.each<[string, Manifest['late'], string]>([
  ['no earlier snapshot', { recordCount: 2, snapshots: [] }, 'late records: late.snapshots []'],
  ['no late record', { ...LATE, recordCount: 0 }, 'late records: late.recordCount 0'],
])('a snapshot of late records with %s is NOT VERIFIED', async (_, late, failure) => {
  const report = await verify(
    await snapshotOf(auditRecords(4)),
    await snapshotOf(auditRecords(2, 4), 'job-2', late),
  );
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(failuresOf(report)).toEqual([failure]);
});

test('a snapshot that names one that came after it in the ledger is NOT VERIFIED', async () => {
  const first = await snapshotOf(auditRecords(4), 'job-1', { recordCount: 0, snapshots: ['snap-job-2'] });
  const report = await verify(first, await snapshotOf(auditRecords(2, 4), 'job-2', LATE));
  expect(failuresOf(report)).toEqual(['late records: late.snapshots [snap-job-2]']);
});

test.each<[string, readonly Buffer[], readonly Buffer[], string]>([
  [
    'a record of the earlier, larger one',
    auditRecords(5),
    [auditRecord(3)],
    'records: a record of snap-job-2 with the same id',
  ],
  [
    'a record of the earlier, smaller one',
    [auditRecord(3)],
    auditRecords(5),
    'records: a record of snap-job-1 with the same id',
  ],
  [
    'the id of a record at another time',
    auditRecords(5),
    [timed(readId(3), noon(0))],
    'records: a record of snap-job-2 with the same id',
  ],
])(
  'two snapshots of one day of which the later one has %s are NOT VERIFIED',
  async (_, one, other, failure) => {
    const late = { recordCount: other.length, snapshots: ['snap-job-1'] };
    const report = await verify(await snapshotOf(one), await snapshotOf(other, 'job-2', late));
    expect(report.verdict).toBe('NOT VERIFIED');
    expect(failuresOf(report)).toEqual([failure]);
  },
);

test('a snapshot that is verified alone says what was not compared', async () => {
  const snapshots = [
    await snapshotOf(auditRecords(4)),
    await snapshotOf([auditRecord(3)], 'job-2', { ...LATE, recordCount: 1 }),
  ];
  const entries = snapshots.map(({ manifest, objects }) =>
    entryOf(manifest, sha256Hex(objects.get(manifestKey(manifest.snapshotId))!)),
  );
  const objects = new Map([...snapshots.flatMap((one) => [...one.objects]), ...ledgerObjects(entries, KEY)]);
  const options = {
    trust: snapshots[0]!.trust,
    found: ['snap-job-1', 'snap-job-2'],
    snapshotIds: ['snap-job-2'],
  };
  const { report } = await verifyEvidence(readerOf(objects), options);
  expect(report.verdict).toBe('VERIFIED');
  expect(report.notes).toContain(
    'snap-job-2: its records were not compared with those of 1 snapshots with overlapping windows; a verification of all evidence does that',
  );
});

test('docs/check.py says VERIFIED to the evidence of these tests where the verifier does, and nowhere else', () => {
  const verified = runCheckProgram(judged).map((answer) => answer.startsWith('VERIFIED'));
  const different = judged.filter(({ verdict }, index) => verified[index] !== (verdict === 'VERIFIED'));
  expect(different.map(({ test }) => test)).toEqual([]);
});

function withChunk(
  members: (chunk: Manifest['chunks'][number]) => object,
): (manifest: Manifest) => Partial<Manifest> {
  return ({ chunks }) => ({ chunks: chunks.map((chunk) => ({ ...chunk, ...members(chunk) })) });
}

function readId(index: number): ObjectId {
  return new ObjectId(index.toString(16).padStart(24, '0'));
}
