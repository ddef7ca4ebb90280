import { LEDGER_CHECKPOINT_KEY } from '../../../src/evidence/objectKeys';
import { chunkKey, manifestKey } from '../../../src/evidence/objectKeys';
import {
  verifyEvidence,
  type EvidenceOptions,
  type EvidenceReport,
} from '../../../src/verify/verifyEvidence';
import { headlineOf, limitNotes, worstVerdict } from '../../../src/verify/report';
import { auditRecord, auditRecords, evidenceKey, readerOf } from '../../harness/evidence';
import { evidenceSet, type EvidenceSet } from '../../harness/evidenceSet';
import { ledgerEntry, ledgerObjects } from '../../harness/ledger';

const DAY = { from: '2026-01-31T00:00:00.000Z', to: '2026-01-31T23:59:59.999Z' };
const NEXT_DAY = { from: '2026-02-01T00:00:00.000Z', to: '2026-02-01T23:59:59.999Z' };

let set: EvidenceSet;
beforeAll(async () => {
  set = await evidenceSet([auditRecords(7), [], [auditRecord(7, { hash: 'f'.repeat(64) })]], 3);
});

async function verify(
  change: (objects: Map<string, Buffer>) => void = () => undefined,
  options: Partial<EvidenceOptions> = {},
): Promise<EvidenceReport> {
  const objects = new Map(set.objects);
  change(objects);
  const listed = [...objects.keys()];
  const given = { trust: set.trust, found: set.snapshotIds, listed, ...options };
  return (await verifyEvidence(readerOf(objects), given)).report;
}

test('evidence is VERIFIED when ledger, snapshots and directory agree', async () => {
  const reported: string[] = [];
  const progress: [string, number, number][] = [];
  const report = await verify(undefined, {
    onLedger: ({ size }) => void reported.push(`ledger ${size}`),
    onSnapshot: ({ snapshotId, verdict }) => void reported.push(`${snapshotId} ${verdict}`),
    onProgress: (...at) => void progress.push(at),
  });
  expect(report).toMatchObject({ verdict: 'VERIFIED', key: 'pinned', coverage: null });
  expect(reported).toEqual(['ledger 3', 'snap-job-1 VERIFIED', 'snap-job-2 VERIFIED', 'snap-job-3 VERIFIED']);
  expect(progress).toEqual([
    ['snap-job-1', 3, 7],
    ['snap-job-1', 6, 7],
    ['snap-job-1', 7, 7],
    ['snap-job-3', 1, 1],
  ]);
  expect(report.snapshots.map(({ recordCount, findingCount }) => [recordCount, findingCount])).toEqual([
    [7, 0],
    [0, 0],
    [1, 1],
  ]);
  expect(report.snapshots[0]!.layers).toContainEqual({ layer: 'ledger inclusion', passed: 1, total: 1 });
  expect(report.snapshots[0]!.layers.map(({ layer }) => layer)).not.toContain('retention');
  expect(report.listing!.layers).toEqual([
    { layer: 'listing', passed: set.objects.size, total: set.objects.size },
  ]);
});

test('evidence without its ledger is INCOMPLETE, and each snapshot names the entry it lacks', async () => {
  const report = await verify((objects) => objects.delete(LEDGER_CHECKPOINT_KEY));
  expect(report.verdict).toBe('INCOMPLETE');
  expect(report.ledger).toMatchObject({ origin: null, size: 0, root: null });
  const [failure] = report.snapshots[0]!.failures;
  expect(failure).toMatchObject({
    layer: 'ledger inclusion',
    kind: 'missing',
    object: 'ledger entry of snap-job-1',
  });
  expect(failure!.expected).toContain('"recordCount":7');
});

test('evidence is NOT VERIFIED when the ledger has another entry of a snapshot', async () => {
  const bundle = [0, 1, 2].map((index) => ledgerEntry(index + 1));
  const report = await verify((objects) => {
    for (const [key, body] of ledgerObjects(bundle)) objects.set(key, body);
  });
  expect(report.snapshots[0]).toMatchObject({
    verdict: 'NOT VERIFIED',
    failures: [{ layer: 'ledger inclusion' }],
  });
});

test('verification of one snapshot reads only that snapshot and the ledger', async () => {
  const report = await verify((objects) => objects.delete(manifestKey('snap-job-1')), {
    snapshotIds: ['snap-job-3'],
  });
  expect(report.listing).toBeNull();
  expect(report.snapshots.map(({ snapshotId }) => snapshotId)).toEqual(['snap-job-3']);
  expect(report.verdict).toBe('VERIFIED');
});

test('evidence of which only some chunks are read is INCOMPLETE, and those chunks are checked', async () => {
  const sampled = await verify(undefined, { choose: isSecond });
  expect(sampled.verdict).toBe('INCOMPLETE');
  expect(sampled.snapshots[0]!.layers).toContainEqual({ layer: 'stored bytes', passed: 1, total: 1 });
  expect(sampled.snapshots[0]!.layers).toContainEqual({ layer: 'log digest', passed: 0, total: 0 });
  await expect(verify(tampering(1), { choose: isSecond })).resolves.toMatchObject({
    verdict: 'NOT VERIFIED',
  });
  await expect(verify(tampering(0), { choose: isSecond })).resolves.toMatchObject({
    verdict: 'INCOMPLETE',
  });
});

test('a report lists no more failures than were asked for, and counts all', async () => {
  const report = await verify((objects) => objects.delete(manifestKey('snap-job-1')), { maxFailures: 0 });
  expect(report.snapshots[0]).toMatchObject({ failures: [], failureCount: 1, verdict: 'INCOMPLETE' });
});

test('no evidence at all is INCOMPLETE', async () => {
  const empty = await verifyEvidence(readerOf(new Map()), { trust: set.trust, found: [] });
  expect(empty.ledger).toBeUndefined();
  expect(empty.report).toMatchObject({ verdict: 'INCOMPLETE', snapshots: [], listing: null });
  expect(worstVerdict([])).toBe('INCOMPLETE');
  expect(worstVerdict(['VERIFIED', 'INCOMPLETE', 'NOT VERIFIED'])).toBe('NOT VERIFIED');
  expect(worstVerdict(['VERIFIED', 'INCOMPLETE'])).toBe('INCOMPLETE');
  expect(worstVerdict(['VERIFIED'])).toBe('VERIFIED');
});

test('evidence under keys that it claims itself is never VERIFIED', async () => {
  const report = await verify(undefined, { trust: undefined });
  expect(report).toMatchObject({ verdict: 'INCOMPLETE', key: 'self-asserted' });
  expect([report.ledger, ...report.snapshots].flatMap(({ failures }) => failures)).toEqual([]);
});

test('a malformed manifest claims no key', async () => {
  const report = await verify((objects) => objects.set(manifestKey('snap-job-2'), Buffer.from('{}')), {
    trust: undefined,
  });
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(report.snapshots[0]!.failures).toEqual([]);
});

test('a single pinned key is accepted for the versions that claim to be it, and for no other', async () => {
  const { publicKey } = evidenceKey(1);
  await expect(verify(undefined, { trust: { publicKey } })).resolves.toMatchObject({
    verdict: 'VERIFIED',
    key: 'pinned',
  });
  await expect(verify(undefined, { trust: { publicKey: evidenceKey(2).publicKey } })).resolves.toMatchObject({
    verdict: 'INCOMPLETE',
  });
});

test('a pinned key with an origin is a key of that origin only', async () => {
  const { publicKey } = evidenceKey(1);
  const pinned = (origin: string) => verify(undefined, { trust: { publicKey, origin } });
  expect((await pinned('audit.example.org')).verdict).toBe('VERIFIED');
  const report = await pinned('other.example.org');
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(report.ledger.failures[0]!.found).toBe('a checkpoint of audit.example.org');
});

test('log time that windows cover is VERIFIED', async () => {
  const report = await verify(undefined, { within: DAY });
  expect(report).toMatchObject({ verdict: 'VERIFIED', coverage: { verdict: 'VERIFIED', key: 'pinned' } });
  expect(report.coverage!.layers).toEqual([{ layer: 'coverage', passed: 1, total: 1 }]);
});

test('log time with a gap is INCOMPLETE, and snapshots outside of it are not verified', async () => {
  const report = await verify(undefined, { within: NEXT_DAY });
  expect(report).toMatchObject({ verdict: 'INCOMPLETE', snapshots: [] });
  expect(report.coverage!.failures).toEqual([
    {
      layer: 'coverage',
      kind: 'missing',
      object: `${NEXT_DAY.from} → ${NEXT_DAY.to}`,
      expected: 'a sealed window',
      found: 'nothing',
    },
  ]);
  const touching = await verify(undefined, { within: { from: DAY.to, to: NEXT_DAY.to } });
  expect(touching.snapshots).toHaveLength(3);
});

function isSecond(index: number): boolean {
  return index === 1;
}

function tampering(index: number): (objects: Map<string, Buffer>) => void {
  const key = chunkKey('snap-job-1', index);
  return (objects) => {
    const body = Buffer.from(objects.get(key)!);
    body[40]! ^= 1;
    objects.set(key, body);
  };
}

describe('the three questions', () => {
  test('without a log time, evidence is judged and the other questions are not asked', async () => {
    const { questions, verdict } = await verify();
    expect(questions).toEqual({ evidence: 'VERIFIED', coverage: 'not asked', live: 'not asked' });
    expect(verdict).toBe('VERIFIED');
  });

  test('a gap makes the log time INCOMPLETE and leaves the evidence VERIFIED; the headline is the worse of both', async () => {
    const { questions, verdict } = await verify(undefined, { within: { from: DAY.from, to: NEXT_DAY.to } });
    expect(questions).toEqual({ evidence: 'VERIFIED', coverage: 'INCOMPLETE', live: 'not asked' });
    expect(verdict).toBe('INCOMPLETE');
  });

  test('tampered evidence over covered log time is NOT VERIFIED, and the log time keeps its own verdict', async () => {
    const { questions, verdict } = await verify(tampering(1), { within: DAY });
    expect(questions).toEqual({ evidence: 'NOT VERIFIED', coverage: 'VERIFIED', live: 'not asked' });
    expect(verdict).toBe('NOT VERIFIED');
  });

  test('a ledger entry alone does not cover log time when no manifest is signed for it', async () => {
    const { coverage, questions } = await verify(
      (objects) => set.snapshotIds.map((id) => objects.delete(manifestKey(id))),
      { within: DAY },
    );
    expect(questions.coverage).toBe('INCOMPLETE');
    expect(coverage!.failures).toMatchObject([
      { expected: 'a signed manifest of snap-job-1 or snap-job-2 or snap-job-3' },
    ]);
  });

  test.each([
    [{ evidence: 'VERIFIED', coverage: 'not asked', live: 'not asked' }, 'VERIFIED'],
    [{ evidence: 'VERIFIED', coverage: 'INCOMPLETE', live: 'VERIFIED' }, 'INCOMPLETE'],
    [{ evidence: 'INCOMPLETE', coverage: 'VERIFIED', live: 'NOT VERIFIED' }, 'NOT VERIFIED'],
    [{ evidence: 'not asked', coverage: 'not asked', live: 'not asked' }, 'INCOMPLETE'],
  ] as const)('the headline of %j is %s', (questions, headline) => {
    expect(headlineOf(questions)).toBe(headline);
  });

  test('each note is listed once, and beyond the limit only their number', () => {
    expect(limitNotes(['a', 'b', 'a'], 2)).toEqual(['a', 'b']);
    expect(limitNotes(['a', 'b', 'c'], 2)).toEqual(['a', 'b', '… and 1 more notes']);
  });
});
