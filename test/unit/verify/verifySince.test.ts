import { LEDGER_CHECKPOINT_KEY, chunkKey, ledgerTileKey } from '../../../src/evidence/objectKeys';
import type { ListedVersion } from '../../../src/ports/objectStore';
import type { EvidenceReader } from '../../../src/verify/evidenceReader';
import { sampleEntries } from '../../../src/verify/sampleEntries';
import { verifyEvidence } from '../../../src/verify/verifyEvidence';
import { verifyEvidenceSince, type SinceEvidenceOptions } from '../../../src/verify/verifyEvidenceSince';
import { evidenceKey } from '../../harness/evidence';
import { signedCheckpoint } from '../../harness/ledger';
import { LargeLedger } from '../../harness/largeLedger';
import { memoizePureFunctions, restorePureFunctions } from '../../simulation/memoizedFunctions';

const KEPT = 300;
let ledger: LargeLedger;
let kept: Buffer;

// Each test verifies mostly the same snapshots.
beforeAll(memoizePureFunctions);
afterAll(restorePureFunctions);

beforeAll(async () => {
  ledger = await LargeLedger.of(KEPT + 2);
  kept = ledger.checkpoint(KEPT);
});
beforeEach(() => ledger.replaced.clear());

async function verify(options: Partial<SinceEvidenceOptions> = {}, reader: EvidenceReader = ledger.reader()) {
  const given = { trust: ledger.trust, kept, recheck: 3, seed: 'seed', ...options };
  const { report, checkpoint } = await verifyEvidenceSince(reader, given);
  const failures = [report.ledger, ...report.snapshots].flatMap((part) =>
    part.failures.map(({ layer, kind, object, found }) => `${layer}, ${kind}: ${object}: ${found}`),
  );
  return { ...report, failures, checkpoint };
}

test('what is new since a kept checkpoint is VERIFIED, with some of the earlier snapshots', async () => {
  const report = await verify();
  expect(report).toMatchObject({ verdict: 'VERIFIED', ledger: { size: KEPT + 2 }, failures: [] });
  const sample = sampleEntries('seed', KEPT, 3).map((day) => `snap-day-${day}`);
  expect(report.snapshots.map(({ snapshotId }) => snapshotId)).toEqual([
    ...sample,
    `snap-day-${KEPT}`,
    `snap-day-${KEPT + 1}`,
  ]);
  expect(report.checkpoint).toEqual(ledger.checkpoint());
  expect(report.notes).toEqual([
    ...report.snapshots.map(
      ({ snapshotId }) =>
        `${snapshotId}: late records were not checked, because not all entries of the ledger before it were read`,
    ),
    '3 of the 300 snapshots up to the kept checkpoint were verified again, chosen by --seed seed',
  ]);
});

test('a ledger without new entries is VERIFIED against its own checkpoint, and against an empty one', async () => {
  await expect(verify({ kept: ledger.checkpoint(), recheck: 0 })).resolves.toMatchObject({
    verdict: 'VERIFIED',
    snapshots: [],
  });
  const report = await verify({ kept: ledger.checkpoint(0) });
  expect(report).toMatchObject({ verdict: 'VERIFIED', failures: [] });
  expect(report.snapshots).toHaveLength(KEPT + 2);
});

test('the cost of a verification since a checkpoint does not grow with the ledger', async () => {
  const [small, large, full] = [0, 1, 2].map(() => ({ requests: 0, bytes: 0 }));
  const short = await LargeLedger.of(KEPT / 2 + 2);
  await verify({ kept: short.checkpoint(KEPT / 2) }, short.reader(small));
  await verify({}, ledger.reader(large));
  await verifyEvidence(ledger.reader(full), { trust: ledger.trust, found: [] });
  expect(large!.requests).toBeLessThan(small!.requests + 10);
  expect(large!.requests).toBeLessThan(full!.requests / 40);
});

test('a history that was rewritten before the kept checkpoint is NOT VERIFIED', async () => {
  const other = await LargeLedger.of(KEPT + 2, ' otherwise');
  const report = await verify({}, other.reader());
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(report.failures[0]).toContain(
    'ledger consistency, invalid: kept checkpoint: another history: size 300',
  );
  expect(report.checkpoint === undefined || report.verdict !== 'VERIFIED').toBe(true);
});

test('a ledger that is shorter than the kept checkpoint was truncated', async () => {
  const longer = signedCheckpoint(KEPT + 9, Buffer.alloc(32), evidenceKey(1));
  const report = await verify({ kept: longer });
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(report.failures).toEqual([
    'ledger consistency, invalid: kept checkpoint: a ledger of only 302 entries: it was truncated',
  ]);
});

test.each([
  [
    'by a key that is not pinned',
    () => signedCheckpoint(KEPT, Buffer.alloc(32), evidenceKey(9)),
    'INCOMPLETE',
  ],
  [
    'of another origin',
    () => signedCheckpoint(KEPT, Buffer.alloc(32), evidenceKey(1), 'other.example'),
    'NOT VERIFIED',
  ],
  ['that is not a note', () => Buffer.from('x'), 'NOT VERIFIED'],
])('a kept checkpoint %s is not a beginning', async (_, makeKept, verdict) => {
  const report = await verify({ kept: makeKept() });
  expect(report).toMatchObject({ verdict, snapshots: [] });
});

test('a known checkpoint from before the kept one is compared by a consistency proof', async () => {
  const known = [ledger.checkpoint(7), ledger.checkpoint(299)];
  await expect(verify({ knownCheckpoints: known })).resolves.toMatchObject({ verdict: 'VERIFIED' });
  const forged = signedCheckpoint(7, Buffer.alloc(32), evidenceKey(1));
  const report = await verify({ knownCheckpoints: [forged] });
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(report.failures[0]).toContain('known checkpoint 1: another history: size 7');
});

test.each([
  ['a bundle with new entries', ledgerTileKey('entries', 1, KEPT + 2 - 256)],
  ['a tile at the right edge', ledgerTileKey(0, 1, KEPT + 2 - 256)],
  ['the tile above the leaves', ledgerTileKey(1, 0, 1)],
])('%s is INCOMPLETE when it is missing, and NOT VERIFIED with one bit changed', async (_, key) => {
  const body = (await ledger.reader().read(key, undefined, 1e7))!;
  ledger.replaced.set(key, undefined);
  expect((await verify()).verdict).toBe('INCOMPLETE');
  const changed = Buffer.from(body);
  changed[changed.length - 1]! ^= 1;
  ledger.replaced.set(key, changed);
  expect((await verify()).verdict).toBe('NOT VERIFIED');
});

test('a changed snapshot is found when it is new, and when it is among those that are checked again', async () => {
  const change = (day: number) => ledger.replaced.set(chunkKey(`snap-day-${day}`, 0), Buffer.from('x'));
  change(KEPT + 1);
  expect((await verify()).verdict).toBe('NOT VERIFIED');
  ledger.replaced.clear();
  const [sampled] = sampleEntries('seed', KEPT, 3);
  change(sampled!);
  expect((await verify()).verdict).toBe('NOT VERIFIED');
  expect((await verify({ recheck: 0 })).verdict).toBe('VERIFIED');
});

test('an earlier entry that is not in the signed tree does not count', async () => {
  const key = ledgerTileKey('entries', 0, 256);
  const other = await LargeLedger.of(256, ' otherwise');
  ledger.replaced.set(key, await other.reader().read(key, undefined, 1e7));
  const [first] = sampleEntries('seed', KEPT, 3);
  expect(first).toBeLessThan(256);
  const report = await verify();
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(report.failures).toContain(`ledger entries, invalid: ${key}, entry ${first}: another entry`);
});

/** The reader of the bucket, with other versions listed. */
function listing(change: (version: ListedVersion) => readonly ListedVersion[]): EvidenceReader {
  const reader = ledger.reader();
  return {
    ...reader,
    async *listVersions(prefix) {
      for await (const version of reader.listVersions!(prefix)) yield* change(version);
    },
  };
}

test('an older checkpoint on top of the newest one is a rollback', async () => {
  const reader = listing((version) =>
    version.key === LEDGER_CHECKPOINT_KEY && version.isLatest
      ? [
          { ...version, versionId: '301' },
          { ...version, isLatest: false },
        ]
      : [version],
  );
  const report = await verify({}, reader);
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(report.failures[0]).toContain('rolled back: an older checkpoint over 301 entries');
});

test('a delete marker on a tile at the right edge is another history', async () => {
  const key = ledgerTileKey('entries', 1, 3);
  const reader = listing((version) =>
    version.key === key
      ? [{ ...version, versionId: 'marker', isDeleteMarker: true, sizeBytes: 0 }, version]
      : [version],
  );
  expect((await verify({}, reader)).failures).toEqual([
    `ledger versions, invalid: ${key} [delete marker=marker]: a delete marker`,
  ]);
});

test('a sample has different places in ascending order, the same for the same seed', () => {
  const sample = sampleEntries('seed', 10_000, 5);
  expect(sample).toHaveLength(5);
  expect([...new Set(sample)].toSorted((left, right) => left - right)).toEqual(sample);
  expect(sampleEntries('seed', 10_000, 5)).toEqual(sample);
  expect(sampleEntries('other', 10_000, 5)).not.toEqual(sample);
  expect(new Set(sample.map((place) => Math.floor(place / 256))).size).toBeLessThanOrEqual(2);
  expect(sampleEntries('seed', 3, 5)).toEqual([0, 1, 2]);
  expect(sampleEntries('seed', 0, 5)).toEqual([]);
  expect(sampleEntries('seed', 10_000, 1_000)).toHaveLength(1_000);
});

test('samples of many seeds reach the whole ledger', () => {
  const bundles = new Set<number>();
  for (let seed = 0; seed < 200; seed++)
    for (const place of sampleEntries(String(seed), 2_560, 4)) bundles.add(Math.floor(place / 256));
  expect(bundles.size).toBe(10);
});
